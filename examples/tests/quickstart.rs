//! The quickstart prints what it is known to print.

#[path = "../quickstart.rs"]
mod quickstart;

const GOLDEN: &str = include_str!("quickstart.txt");

#[test]
fn the_quickstart_prints_the_same_each_time() {
    let mut printed = Vec::new();
    pollster::block_on(quickstart::story(&mut printed)).unwrap();
    let printed = String::from_utf8(printed).unwrap();
    for (line, (ours, known)) in printed.lines().zip(GOLDEN.lines()).enumerate() {
        assert_eq!(ours, known, "line {}", line + 1);
    }
    assert_eq!(printed.lines().count(), GOLDEN.lines().count());
}
