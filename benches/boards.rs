//! Leaderboards at 1,000,000 entries of a ledger: the top 100 of each window, by the engine and by
//! hand on the same file; and what it takes to keep them.
//!
//! `cargo bench -p community-benches --bench boards` prints how many entries a second are appended
//! with their boards, the ratios, what the same board takes without a list that is kept for it, and
//! how many events a second are projected. `COMMUNITY_ENTRIES` sets another number of entries.

#![allow(clippy::indexing_slicing, reason = "what is not there is a reason to end")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use community_benches::pairs::compare;
use community_benches::workload::{Random, Workload, channel, label, member};
use community_core::change::{ChangeSet, Op};
use community_core::record::{MemberRecord, MembershipRecord, Record};
use community_core::reputation::{BoardWindow, Entry, LedgerId, RuleSet, Step};
use community_core::time::day_of;
use community_core::{
    BoardQuery, ChannelId, Engine, MemberId, NewChannel, NewCommunity, NewLabel, Policy, Seq, Slug,
    Timestamp,
};
use community_store_sqlite::{Options, SqliteStore};
use pollster::block_on;
use rusqlite::{Connection, OpenFlags, params};

const MEMBERS: usize = 20_000;
const CHANNELS: usize = 50;
const LABELS: usize = 100;
const DAYS: i32 = 1_096;
/// Entries in one change set, as many as a step of the projector brings.
const STEP: usize = 500;
const ROUNDS: usize = 500;
const TOP: usize = 100;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let entries = std::env::var("COMMUNITY_ENTRIES").ok().map(|text| text.parse()).transpose()?;
    let entries: usize = entries.unwrap_or(1_000_000);
    let dir = tempfile::tempdir()?;
    let bench = Bench::build(dir.path(), entries)?;
    bench.read(dir.path())?;
    projector()
}

struct Bench {
    engine: Engine,
    community: Slug,
    ledger: LedgerId,
    today: i32,
}

impl Bench {
    fn build(dir: &Path, entries: usize) -> Outcome<Self> {
        let engine = Engine::new(Arc::new(SqliteStore::open(dir, Options::default())?));
        let (community, today) = ("bench".parse::<Slug>()?, day_of(engine.env().now()));
        let host = engine.as_system();
        let name: community_core::Name = "Bench".parse()?;
        let new = NewCommunity::new(community.clone(), name.clone(), Policy::public());
        let id = block_on(host.create_community(new))?;
        let mut channels = Vec::new();
        for n in 0..CHANNELS {
            let new = NewChannel::new(channel(n)?, name.clone());
            channels.push(block_on(host.create_channel(&community, new))?);
        }
        for n in 0..LABELS {
            block_on(host.put_label(&community, NewLabel::new(label(n)?, name.clone())))?;
        }
        let joined_at = Some(engine.env().now() - chrono::Duration::days(i64::from(DAYS)));
        let mut batch = Vec::new();
        for n in 0..MEMBERS {
            let person = serde_json::json!({ "key": member(n)?, "created_at": joined_at });
            let place = serde_json::json!({ "member": member(n)?, "joined_at": joined_at });
            let person: MemberRecord = serde_json::from_value(person)?;
            let place: MembershipRecord = serde_json::from_value(place)?;
            batch.push(Record::Member(Box::new(person)));
            batch.push(Record::Membership(Box::new(place)));
            if batch.len() >= 1_000 {
                block_on(host.import(&community, None, &batch))?;
                batch.clear();
            }
        }
        block_on(host.import(&community, None, &batch))?;
        let rules = RuleSet::shipped().first().ok_or("no rules")?;
        let ledger = LedgerId { community: id, rules: rules.id.clone() };
        let bench = Self { engine, community, ledger, today };
        bench.append(&channels, rules, entries)?;
        Ok(bench)
    }

    /// Entries of three years in the order of time, skewed over members, channels and labels.
    fn append(&self, channels: &[ChannelId], rules: &RuleSet, count: usize) -> Outcome<()> {
        let store = self.engine.store();
        let mut members: Vec<MemberId> = Vec::new();
        while let page = block_on(store.members_by_id(members.last().copied(), 1_000))?
            && !page.is_empty()
        {
            members.extend(page.into_iter().map(|member| member.id));
        }
        let groups: Vec<&Slug> = rules.groups.keys().take(3).collect();
        let mut random = Random::new(11);
        let mut entries = Vec::new();
        let start = Instant::now();
        for n in 0..count {
            let of_days = n * usize::try_from(DAYS)? / count;
            let day = self.today - DAYS + 1 + i32::try_from(of_days)?;
            let mut labels =
                [label(random.skewed(LABELS))?, label(random.skewed(LABELS))?].to_vec();
            labels.sort();
            labels.dedup();
            let seq = Seq(u64::try_from(n)? + 1);
            let pick = |of: usize, among: usize| of.min(among - 1);
            entries.push(Entry {
                cause: seq,
                number: 0,
                origin: seq,
                rule: "answer-up".parse()?,
                group: Slug::clone(groups[random.below(groups.len())]),
                step: Step::Given,
                member: members[pick(random.skewed(MEMBERS), members.len())],
                giver: Some(members[random.below(members.len())]),
                topic: None,
                post: None,
                channel: Some(channels[pick(random.skewed(CHANNELS), channels.len())]),
                labels,
                points: i64::try_from(1 + random.below(15))?,
                day,
                at: Timestamp::UNIX_EPOCH + chrono::Duration::days(i64::from(day)),
            });
            if entries.len() == STEP || n + 1 == count {
                let append =
                    |entry| Op::AppendLedger(Box::new(self.ledger.clone()), Box::new(entry));
                let ops = entries.drain(..).map(append).collect();
                block_on(store.commit(ChangeSet { ops, ..ChangeSet::default() }))?;
            }
        }
        let took = start.elapsed().as_secs_f64();
        println!("{count} entries in {took:.0} s, {:.0} a second", count as f64 / took);
        Ok(())
    }

    fn read(&self, dir: &Path) -> Outcome<()> {
        let file = dir.join("community.db");
        let hand = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        hand.pragma_update(None, "cache_size", -16 * 1024)?;
        hand.pragma_update(None, "mmap_size", 256 << 20)?;
        hand.pragma_update(None, "query_only", true)?;
        self.weigh(&hand, &file)?;
        let session = self.engine.anonymous();
        let day = self.today - 40;
        println!("\nthe top {TOP}, engine to hand-written SQL on the same file:");
        for window in BoardWindow::ALL {
            for (place, key) in
                [("community", None), ("channel", Some(channel(3)?)), ("label", None)]
            {
                let whole = BoardQuery::community(self.community.clone());
                let query = match (place, &key) {
                    (_, Some(key)) => whole.channel(key.clone()),
                    ("label", None) => whole.label(label(2)?),
                    _ => whole,
                };
                let query = query.window(window).day(day).limit(TOP);
                let ours = || block_on(session.leaderboard(&query));
                let board = self.number(&hand, window, day, place)?;
                let theirs = || by_hand(&hand, board, self.ledger.community.as_bytes());
                let rows: Vec<_> = ours()?
                    .items
                    .iter()
                    .map(|i| (i.rank, *i.member.id.as_bytes(), i.member.key.to_string(), i.points))
                    .collect();
                let hand_rows: Vec<_> = theirs()?
                    .into_iter()
                    .map(|row| (row.rank, row.member, row.key, row.points))
                    .collect();
                assert_eq!(rows, hand_rows, "{window} of a {place}: both return the same rows");
                let what = format!("{window}, {place}, {} rows", rows.len());
                compare(&what, ROUNDS, ("engine", || drop(ours())), ("by hand", || drop(theirs())));
            }
        }
        println!("\nthe same without a list that is kept for it, by hand:");
        for window in BoardWindow::ALL {
            let (from, to) = (window.first_day(day), window.last_day(window.first_day(day)));
            let start = Instant::now();
            let rows = summed_up(&hand, from, to.unwrap_or(i32::MAX))?;
            println!("{window:<8} {rows} rows in {:.1?}", start.elapsed());
        }
        Ok(())
    }

    /// How many boards there are, and what they weigh.
    fn weigh(&self, hand: &Connection, file: &Path) -> Outcome<()> {
        let count = |sql| hand.query_row(sql, [], |row| row.get::<_, i64>(0));
        let boards = count("SELECT count(*) FROM boards")?;
        let rows = count("SELECT count(*) FROM board_members")?;
        let size = std::fs::metadata(file)?.len() >> 20;
        println!("{boards} boards with {rows} places on them; the file has {size} MiB");
        Ok(())
    }

    /// The number of a board in the table of their names.
    fn number(
        &self,
        hand: &Connection,
        window: BoardWindow,
        day: i32,
        place: &str,
    ) -> Outcome<i64> {
        let (scope, key): (i64, Vec<u8>) = match place {
            "community" => (0, Vec::new()),
            "label" => (2, label(2)?.as_str().as_bytes().to_vec()),
            _ => {
                let sql = "SELECT id FROM channels WHERE key = ?1";
                (1, hand.query_row(sql, [channel(3)?.as_str()], |row| row.get(0))?)
            }
        };
        let sql = "SELECT id FROM boards
            WHERE span = ?1 AND first = ?2 AND scope = ?3 AND place = ?4 AND grp = ''";
        let params = params![window.code(), window.first_day(day), scope, key];
        Ok(hand.query_row(sql, params, |row| row.get(0))?)
    }
}

struct Row {
    rank: u64,
    member: [u8; 16],
    key: String,
    points: i64,
    _name: String,
}

/// Members on a board who are listed, have joined, have not chosen to be left out, and hold none of
/// three roles.
const BY_HAND: &str = "
SELECT p.points, p.member, m.key, m.name
FROM board_members p
CROSS JOIN members m ON m.id = p.member
CROSS JOIN memberships s ON s.member = p.member AND s.community = ?2
WHERE p.board = ?1 AND p.points > 0 AND m.listed AND s.joined_at IS NOT NULL AND NOT s.off_boards
  AND NOT EXISTS (SELECT 1 FROM json_each(s.roles) r
                  WHERE r.value ->> 'role' IN ('employee', 'manager', 'moderator'))
ORDER BY p.points DESC, p.member DESC LIMIT ?3";

fn by_hand(hand: &Connection, board: i64, community: &[u8; 16]) -> rusqlite::Result<Vec<Row>> {
    let mut statement = hand.prepare_cached(BY_HAND)?;
    let limit = i64::try_from(TOP + 1).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![board, community, limit])?;
    let mut found: Vec<Row> = Vec::new();
    while let Some(row) = rows.next()? {
        let points = row.get(0)?;
        let shown = u64::try_from(found.len()).unwrap_or(0) + 1;
        let rank = found.last().filter(|last| last.points == points).map_or(shown, |l| l.rank);
        let (member, key) = (row.get(1)?, row.get(2)?);
        found.push(Row { rank, member, key, points, _name: row.get(3)? });
    }
    found.truncate(TOP);
    Ok(found)
}

fn summed_up(hand: &Connection, from: i32, to: i32) -> rusqlite::Result<usize> {
    let sql = "SELECT member, sum(points) AS s FROM ledger_entries WHERE day BETWEEN ?1 AND ?2
        GROUP BY member ORDER BY s DESC, member DESC LIMIT 100";
    let mut statement = hand.prepare(sql)?;
    let rows = statement.query_map((from, to), |row| row.get::<_, [u8; 16]>(0))?;
    Ok(rows.count())
}

/// Topics with two labels and up to three votes each, projected from the beginning.
fn projector() -> Outcome<()> {
    let dir = tempfile::tempdir()?;
    let workload = Workload::build(dir.path(), 20_000)?;
    println!("\nthe projector, boards included:");
    for rules in RuleSet::shipped() {
        let start = Instant::now();
        let events = block_on(workload.engine.project(&workload.community, &rules.id))?;
        let took = start.elapsed().as_secs_f64();
        println!("{:<24} {events} events, {:.0} a second", rules.id, events as f64 / took);
    }
    Ok(())
}
