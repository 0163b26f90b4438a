//! Counters: in the row of a topic or post, or in a table of their own.

use community_core::change::Counter;
use community_core::{PostCounters, PostId, TopicCounters, TopicId};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, params_from_iter};

use super::change::Change;
use crate::error::{Fault, Result};

/// Where a counter is kept.
enum Home<'a> {
    Topic(TopicId, fn(&mut TopicCounters) -> &mut i64),
    Post(PostId, fn(&mut PostCounters) -> &mut i64),
    /// In a table, under these keys.
    Table(&'static Table, Vec<ToSqlOutput<'a>>),
}

/// The statements of a table of counters, all by its primary key. Rows at zero are not kept.
struct Table {
    get: &'static str,
    set: &'static str,
    drop: &'static str,
}

macro_rules! table {
    ($name:literal, $key:literal) => {
        Table {
            get: concat!("SELECT count FROM ", $name, " WHERE ", $key, " = ?1"),
            set: concat!(
                "INSERT INTO ",
                $name,
                " (",
                $key,
                ", count) VALUES (?1, ?2)
                ON CONFLICT DO UPDATE SET count = excluded.count"
            ),
            drop: concat!("DELETE FROM ", $name, " WHERE ", $key, " = ?1"),
        }
    };
    ($name:literal, $first:literal, $second:literal) => {
        Table {
            get: concat!(
                "SELECT count FROM ",
                $name,
                " WHERE ",
                $first,
                " = ?1 AND ",
                $second,
                " = ?2"
            ),
            set: concat!(
                "INSERT INTO ",
                $name,
                " (",
                $first,
                ", ",
                $second,
                ", count) VALUES (?1, ?2, ?3)
                ON CONFLICT DO UPDATE SET count = excluded.count"
            ),
            drop: concat!("DELETE FROM ", $name, " WHERE ", $first, " = ?1 AND ", $second, " = ?2"),
        }
    };
    ($name:literal, $first:literal, $second:literal, $third:literal) => {
        Table {
            get: concat!(
                "SELECT count FROM ",
                $name,
                " WHERE ",
                $first,
                " = ?1 AND ",
                $second,
                " = ?2 AND ",
                $third,
                " = ?3"
            ),
            set: concat!(
                "INSERT INTO ",
                $name,
                " (",
                $first,
                ", ",
                $second,
                ", ",
                $third,
                ", count)
                VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET count = excluded.count"
            ),
            drop: concat!(
                "DELETE FROM ",
                $name,
                " WHERE ",
                $first,
                " = ?1 AND ",
                $second,
                " = ?2 AND ",
                $third,
                " = ?3"
            ),
        }
    };
}

static MEMBERS: Table = table!("community_members", "community");
static PARTICIPATIONS: Table = table!("participations", "topic", "member");
static TALLIES: Table = table!("tallies", "post", "key");
static LABEL_USE: Table = table!("label_use", "community", "label", "channel");
static CHANNEL_TOPICS: Table = table!("channel_topics", "channel");

impl Change<'_> {
    /// The value of a counter; 0 for one that does not exist.
    pub(super) fn count(&mut self, counter: &Counter) -> Result<i64> {
        match home(counter) {
            Home::Topic(id, field) => {
                Ok(self.topic(id)?.map_or(0, |topic| *field(&mut topic.counters)))
            }
            Home::Post(id, field) => {
                Ok(self.post(id)?.map_or(0, |post| *field(&mut post.counters)))
            }
            Home::Table(table, keys) => self.table_count(table, &keys),
        }
    }

    pub(super) fn bump(&mut self, counter: &Counter, step: i64) -> Result<()> {
        let stepped = |was: i64| {
            let now = was.checked_add(step).filter(|now| *now >= 0);
            now.ok_or_else(|| {
                Fault::refused(format_args!("{counter:?} is {was} and cannot go by {step}"))
            })
        };
        match home(counter) {
            Home::Topic(id, field) => {
                let count = field(&mut self.topic_mut(id)?.counters);
                *count = stepped(*count)?;
            }
            Home::Post(id, field) => {
                let count = field(&mut self.post_mut(id)?.counters);
                *count = stepped(*count)?;
            }
            Home::Table(table, mut keys) => {
                self.need_counted(counter)?;
                let was = self.table_count(table, &keys)?;
                let now = stepped(was)?;
                if now == 0 {
                    self.conn.prepare_cached(table.drop)?.execute(params_from_iter(&keys))?;
                } else {
                    keys.push(now.into());
                    self.conn.prepare_cached(table.set)?.execute(params_from_iter(&keys))?;
                }
                if let Counter::Participation(topic, _) = counter {
                    let more = i64::from(now > 0) - i64::from(was > 0);
                    self.topic_mut(*topic)?.counters.participants += more;
                }
            }
        }
        Ok(())
    }

    fn table_count(&self, table: &Table, keys: &[ToSqlOutput<'_>]) -> Result<i64> {
        let mut statement = self.conn.prepare_cached(table.get)?;
        Ok(statement.query_row(params_from_iter(keys), |row| row.get(0)).optional()?.unwrap_or(0))
    }

    /// Checks that what is counted exists.
    fn need_counted(&mut self, counter: &Counter) -> Result<()> {
        match counter {
            Counter::Members(community) => self.need_community(*community),
            Counter::Participation(topic, member) => {
                self.need_topic(*topic)?;
                self.need_member(Some(*member))
            }
            Counter::Tally(post, _) => self.need_post(*post),
            Counter::LabelUse(community, _, channel) => {
                self.need_community(*community)?;
                self.need_channel(*channel)
            }
            Counter::ChannelTopics(channel) => self.need_channel(*channel),
            Counter::TopicUps(id)
            | Counter::TopicDowns(id)
            | Counter::TopicPosts(id)
            | Counter::TopicAnswers(id)
            | Counter::TopicAccepted(id) => self.need_topic(*id),
            Counter::PostUps(id)
            | Counter::PostDowns(id)
            | Counter::PostChildren(id)
            | Counter::PostCorrections(id) => self.need_post(*id),
        }
    }
}

fn home(counter: &Counter) -> Home<'_> {
    match counter {
        Counter::TopicUps(id) => Home::Topic(*id, |c| &mut c.ups),
        Counter::TopicDowns(id) => Home::Topic(*id, |c| &mut c.downs),
        Counter::TopicPosts(id) => Home::Topic(*id, |c| &mut c.posts),
        Counter::TopicAnswers(id) => Home::Topic(*id, |c| &mut c.answers),
        Counter::TopicAccepted(id) => Home::Topic(*id, |c| &mut c.accepted),
        Counter::PostUps(id) => Home::Post(*id, |c| &mut c.ups),
        Counter::PostDowns(id) => Home::Post(*id, |c| &mut c.downs),
        Counter::PostChildren(id) => Home::Post(*id, |c| &mut c.children),
        Counter::PostCorrections(id) => Home::Post(*id, |c| &mut c.corrections),
        Counter::Members(community) => Home::Table(&MEMBERS, vec![blob(community.as_bytes())]),
        Counter::Participation(topic, member) => {
            Home::Table(&PARTICIPATIONS, vec![blob(topic.as_bytes()), blob(member.as_bytes())])
        }
        Counter::Tally(post, key) => {
            Home::Table(&TALLIES, vec![blob(post.as_bytes()), key.as_str().into()])
        }
        Counter::LabelUse(community, label, channel) => Home::Table(
            &LABEL_USE,
            vec![blob(community.as_bytes()), label.as_str().into(), blob(channel.as_bytes())],
        ),
        Counter::ChannelTopics(channel) => {
            Home::Table(&CHANNEL_TOPICS, vec![blob(channel.as_bytes())])
        }
    }
}

fn blob(id: &[u8; 16]) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Blob(id))
}
