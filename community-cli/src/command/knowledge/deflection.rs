//! `knowledge deflection`: how many questions need not be asked.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use community::{Slug, Timestamp};
use community_knowledge::deflection::{
    self, Estimate, Formula, FormulaError, Per, Report, Row, Saving,
};
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::reply::Reply;
use crate::table::Table;

#[derive(Debug, Args)]
pub(crate) struct Deflection {
    /// The community
    community: Slug,
    /// Visits that began at this moment or later
    #[arg(long, value_name = "RFC3339", value_parser = crate::args::time, default_value = "1970-01-01T00:00:00Z")]
    from: Timestamp,
    /// Visits that began before this moment
    #[arg(long, value_name = "RFC3339", value_parser = crate::args::time, default_value = "2199-12-31T23:59:59Z")]
    to: Timestamp,
    /// How long a period is: day, week, month or year
    #[arg(long, value_name = "PERIOD", default_value_t = Per::Month)]
    by: Per,
    /// A file that holds a formula as JSON, for what was saved
    #[arg(long, value_name = "FILE")]
    formula: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Listed {
    #[serde(flatten)]
    report: Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    saving: Option<Saving>,
}

impl Deflection {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.operator().await?;
        let wrong = |error: FormulaError| Failure::invalid(error.to_string());
        let formula: Option<Formula> = self.formula.as_deref().map(super::read).transpose()?;
        formula.as_ref().map_or(Ok(()), Formula::check).map_err(wrong)?;
        let window = self.from..self.to;
        let report = deflection::read(&session, &self.community, window, self.by).await?;
        let saving = match formula.map(|formula| formula.apply(&report.total)) {
            // The report says so by itself.
            None | Some(Err(FormulaError::NoEffect)) => None,
            Some(saving) => Some(saving.map_err(wrong)?),
        };
        Ok(Reply::new(Listed { report, saving }))
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&[
            "period", "source", "shown", "posted", "held out", "posted", "mixed", "avoided",
        ]);
        let Report { total, sources, periods, rows, .. } = &self.report;
        for row in rows.iter().chain(periods).chain(sources).chain([total]) {
            let Row { period, sources, shown, held_out, mixed, effect } = row;
            let sources: Vec<&str> = sources.iter().map(Slug::as_str).collect();
            table.row([
                period.map_or_else(|| "all".to_owned(), |day| day.to_string()),
                if sources.is_empty() { "all".to_owned() } else { sources.join("+") },
                shown.offered.to_string(),
                shown.posted.to_string(),
                held_out.offered.to_string(),
                held_out.posted.to_string(),
                mixed.to_string(),
                effect.map_or_else(|| "unknown".to_owned(), |effect| range(&effect.avoided)),
            ]);
        }
        write!(f, "{table}")?;
        if let Some(Saving { formula, questions, contacts, cost, .. }) = &self.saving {
            writeln!(f, "\nquestions  {}", range(questions))?;
            writeln!(f, "contacts   {}", range(contacts))?;
            writeln!(f, "{}        {}", formula.currency, range(cost))?;
            for (name, assumed) in [
                ("answered", &formula.answered),
                ("contact", &formula.contact),
                ("cost per contact", &formula.cost_per_contact),
            ] {
                let bounds =
                    Estimate { low: assumed.low, likely: assumed.likely, high: assumed.high };
                writeln!(f, "assumed    {name} {}: {}", range(&bounds), assumed.source)?;
            }
        }
        Ok(())
    }
}

fn range(Estimate { low, likely, high }: &Estimate) -> String {
    format!("{likely} ({low} to {high})")
}
