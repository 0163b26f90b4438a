-- Format 4: documents, which extensions keep.

CREATE TABLE documents (
  id         BLOB PRIMARY KEY,
  community  BLOB NOT NULL REFERENCES communities,
  collection TEXT NOT NULL,
  body       TEXT NOT NULL CHECK (json_valid(body)), -- JSON, as the extension has it
  keys       TEXT NOT NULL,                          -- JSON: the lists in which it stands
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  rev        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX documents_of_community ON documents (community, id);

-- The lists of documents: what `keys` says, to be walked along.
CREATE TABLE document_keys (
  document   BLOB NOT NULL REFERENCES documents,
  list       TEXT NOT NULL,
  grp        TEXT NOT NULL,
  community  BLOB NOT NULL,
  collection TEXT NOT NULL,
  key        INTEGER NOT NULL,
  PRIMARY KEY (document, list, grp)
) STRICT, WITHOUT ROWID;

CREATE INDEX document_lists ON document_keys (community, collection, list, grp, key, document);

CREATE VIEW readable_documents AS
SELECT lower(hex(d.id)) AS id, c.key AS community, d.collection, d.body, d.keys, d.rev,
       strftime('%Y-%m-%dT%H:%M:%SZ', d.created_at / 1000000, 'unixepoch') AS created_at,
       strftime('%Y-%m-%dT%H:%M:%SZ', d.updated_at / 1000000, 'unixepoch') AS updated_at
FROM documents d
JOIN communities c ON c.id = d.community;
