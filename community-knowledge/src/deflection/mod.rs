//! Deflection: how many questions need not be asked, because what was suggested answered them.
//!
//! The usual figure multiplies how often something was shown with a guess. Here a part of the
//! visits, drawn by chance, is shown nothing: they say how many questions would have been posted
//! without suggestions, and the difference is what suggestions do. Chance alone makes a difference
//! too, so that each number comes with an interval.
//!
//! - A host draws with [`HoldOut`](community_core::HoldOut) and records the steps of each visit with
//!   [`Session::record_suggestion`]. They are in the log and nowhere else.
//! - [`Visits`] puts steps together. A visit counts once, whatever repeats, comes late or comes out
//!   of order; one whose steps contradict each other about its side is compared with nothing.
//! - A [`Report`] counts visits by period and source, with the [`Effect`] of each row.
//! - A [`Formula`] turns an effect into a range of contacts and cost. What was not measured in it is
//!   an [`Assumption`] that says where it comes from.
//!
//! What is not here: a guess without visits that were held out. Then there is no effect, and no
//! saving.
//!
//! What a difference does not say is why a question was not posted: because it was answered or
//! because somebody gave up. Ratings say something about that and are counted beside it. And it says
//! something of the visits that were compared only, so that a share that changes in the middle of a
//! window is best read by period.

mod decimal;
mod formula;
mod interval;
mod report;
mod visits;

use std::ops::Range;

use community_core::{Result, Session, Slug, Timestamp};

pub use decimal::{Decimal, DecimalError, Round};
pub use formula::{Assumption, Formula, FormulaError, Saving};
pub use interval::{Estimate, Rate};
pub use report::{Effect, Group, Per, Report, Row, midnight};
pub use visits::{Side, Visit, Visits};

/// The report about the visits to a community that began in a window. For those who manage it.
///
/// # Errors
/// Those of [`Session::suggestion_steps`].
///
/// ```
/// use community_core::{
///     Engine, HoldOut, NewCommunity, NewSuggestion, NewTopic, Policy, SuggestionStep, VisitId,
/// };
/// use community_knowledge::deflection::{self, Decimal, Per};
/// # use std::sync::Arc;
/// # use community_core::{NewChannel, NewMember, Slug};
///
/// # pollster::block_on(async {
/// # let engine = Engine::new(Arc::new(community_store_memory::MemoryStore::new()));
/// # let host = engine.as_system();
/// # let garden: Slug = "garden".parse()?;
/// # let new = NewCommunity::new(garden.clone(), "Garden".parse()?, Policy::public());
/// # host.create_community(new).await?;
/// # host.create_channel(&garden, NewChannel::new("beds".parse()?, "Beds".parse()?)).await?;
/// # let ana = host.sync_member(NewMember::new("user:1".parse()?, "Ana".parse()?)).await?;
/// # host.set_member(&garden, ana, true).await?;
/// # let ana = engine.member(ana);
/// # let new = NewTopic::new(garden.clone(), "beds".parse()?, "question".parse()?, "Beans?", "When?");
/// # let topic = ana.start_topic(new).await?;
/// // A fifth of the visits is shown nothing. Of the others every second one posts its question.
/// let draw = HoldOut::new("spring".parse()?, 2_000)?;
/// for n in 0_u128..200 {
///     let visit = VisitId::from_bytes(n.to_be_bytes());
///     let posts = draw.holds_out(visit) || n % 2 == 0;
///     let end = if posts { SuggestionStep::Posted { topic } } else { SuggestionStep::Abandoned };
///     for step in [SuggestionStep::Shown { topics: vec![topic] }, end] {
///         let new = NewSuggestion::new(garden.clone(), "typing".parse()?, step);
///         engine.anonymous().record_suggestion(new.drawn(visit, &draw)).await?;
///     }
/// }
///
/// let now = engine.env().now();
/// let window = now - chrono::Duration::days(1)..now + chrono::Duration::days(1);
/// let report = deflection::read(&host, &garden, window, Per::Month).await?;
/// let effect = report.total.effect.unwrap();
/// assert_eq!((report.total.held_out.visits, report.total.shown.visits), (44, 156));
/// assert_eq!(effect.held_out.likely.to_string(), "1");
/// let least: Decimal = "0.35".parse().unwrap();
/// assert!(effect.avoided.low > least, "about half, and at least a third");
/// # Ok::<(), community_core::Error>(()) }).unwrap();
/// ```
pub async fn read(
    session: &Session,
    community: &Slug,
    window: Range<Timestamp>,
    by: Per,
) -> Result<Report> {
    let steps = session.suggestion_steps(community, window.clone()).await?;
    Ok(Report::new(community.clone(), window, by, &steps))
}
