//! Reputation of a real community, recomputed.

use std::collections::BTreeMap;
use std::process::Command;

use crate::Site;

/// One line of the expected file.
struct Expected {
    member: String,
    actual: i64,
    bonus: i64,
    recomputed: i64,
}

fn expected(site: &Site) -> Vec<Expected> {
    let file = site.data.join("expected").join(format!("reputation-{}.csv", site.name));
    let text = std::fs::read_to_string(file).unwrap();
    let mut lines = text.lines();
    let heading: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = |name: &str| heading.iter().position(|known| *known == name).unwrap();
    let columns = ["user_id", "actual", "association_bonus_given", "recomputed_R4"].map(column);
    let read = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let [user, actual, bonus, recomputed] = columns.map(|at| cells[at]);
        Expected {
            member: format!("user:{user}"),
            actual: actual.parse().unwrap(),
            bonus: bonus.parse().unwrap(),
            recomputed: recomputed.parse().unwrap(),
        }
    };
    lines.map(read).collect()
}

/// Ranks from 1, equal values with the mean of theirs.
fn ranks(values: &[i64]) -> Vec<f64> {
    let below = |value| values.iter().filter(|other| **other < value).count() as f64;
    let equal = |value| values.iter().filter(|other| **other == value).count() as f64;
    values.iter().map(|value| below(*value) + (equal(*value) + 1.0) / 2.0).collect()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let together: f64 = a.iter().zip(b).map(|(x, y)| (x - mean_a) * (y - mean_b)).sum();
    let alone = |of: &[f64], mean| of.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
    together / (alone(a, mean_a) * alone(b, mean_b)).sqrt()
}

#[test]
fn the_rules_of_2018_give_what_they_gave() {
    let Some(site) = Site::imported("quantumcomputing") else { return };
    let expected = expected(&site);
    let grants = site.dir.path().join("grants.csv");
    let lines = expected.iter().filter(|line| line.bonus != 0);
    let lines: String =
        lines.map(|line| format!("{},{},association bonus\n", line.member, line.bonus)).collect();
    std::fs::write(&grants, lines).unwrap();
    let began = std::time::Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_community"))
        .arg("--data")
        .arg(site.dir.path().join("data"))
        .args(["standing", site.name, "--rule-set", "stack-exchange-2018", "--csv", "--grants"])
        .arg(&grants)
        .output()
        .unwrap();
    let took = began.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let points: BTreeMap<&str, i64> = text
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[0], cells[1].parse().unwrap())
        })
        .collect();
    let found: Vec<i64> = expected.iter().map(|line| points[line.member.as_str()]).collect();
    let actual: Vec<i64> = expected.iter().map(|line| line.actual).collect();
    let share = |is: &dyn Fn(i64, i64) -> bool| {
        let agreeing = found.iter().zip(&actual).filter(|(found, actual)| is(**found, **actual));
        100.0 * agreeing.count() as f64 / found.len() as f64
    };
    println!(
        "{}: {} members, Spearman {:.4}, exact {:.1} %, within 5 % {:.1} %, in {took:?}",
        site.name,
        found.len(),
        correlation(&ranks(&found), &ranks(&actual)),
        share(&|found, actual| found == actual),
        share(&|found, actual| 20 * (found - actual).abs() <= actual),
    );
    for (line, found) in expected.iter().zip(found) {
        assert_eq!(found, line.recomputed, "{}", line.member);
    }
    // What is stored by the rules in force is what they give aside.
    let stored = site.run(&["standing", site.name]);
    let aside = site.run(&["standing", site.name, "--rule-set", "balanced"]);
    assert_eq!(stored, aside);
    let report = site.run(&["verify"]);
    assert_eq!(report["findings"], serde_json::json!([]));
}
