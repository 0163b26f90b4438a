//! `verify`: everything that is counted and sorted, recomputed from its rows; and the file itself.

use std::fmt;

use clap::Args;
use community::sqlite::SqliteStore;
use community_testkit::{Finding, Report};
use serde::Serialize;

use crate::context::{Context, nobody_acts};
use crate::failure::Result;
use crate::reply::Reply;

#[derive(Debug, Args)]
pub(crate) struct Verify {}

/// What a verification found, as it is printed.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Verified(Report);

impl Verify {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        nobody_acts(&context.globals)?;
        let report = community_testkit::verify(context.engine.store()).await;
        let mut report = report.map_err(community::Error::from)?;
        if let Some(store) = context.engine.store_as::<SqliteStore>() {
            let findings = store.integrity_check()?.into_iter().map(|found| Finding {
                rule: "file",
                subject: context.globals.data.display().to_string(),
                expected: "ok".to_owned(),
                found,
            });
            report.checks += 1;
            report.findings.extend(findings);
        }
        let clean = report.is_clean();
        let reply = Reply::new(Verified(report));
        Ok(if clean { reply } else { reply.with_findings() })
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { checks, findings } = &self.0;
        for finding in findings {
            writeln!(f, "{}: {}", finding.rule, finding.subject)?;
            writeln!(f, "  expected {}", finding.expected)?;
            writeln!(f, "  found    {}", finding.found)?;
        }
        write!(f, "{checks} checks, {} findings", findings.len())
    }
}
