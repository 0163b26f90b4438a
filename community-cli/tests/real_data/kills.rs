//! Imports that are killed and begun again.

use std::process::Stdio;
use std::time::Instant;

use crate::{SITES, Site};

const KILLS: u32 = 20;

/// However fast the machine is, twenty imports are killed under way: one that comes to its end is
/// compared, and another is begun.
#[test]
fn imports_that_are_killed_twenty_times_end_like_an_undisturbed_one() {
    for name in SITES {
        let Some(undisturbed) = Site::new(name) else { return };
        let begin = Instant::now();
        undisturbed.import();
        let takes = begin.elapsed();
        let expected = undisturbed.export();
        let ends_alike = |site: &Site| {
            assert!(expected == site.export(), "{name}: the export differs");
            let report = site.run(&["verify"]);
            assert_eq!(report["findings"], serde_json::json!([]), "{name}");
        };
        // The random numbers are those of the directory's name: other ones with each run.
        let seed = undisturbed.dir.path().to_string_lossy().bytes().fold(7u64, |seed, byte| {
            seed.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(u64::from(byte))
        });
        let mut site = Site::new(name).unwrap();
        let (mut killed, mut begun) = (0, 0);
        while killed < KILLS {
            begun += 1;
            assert!(begun < KILLS * 10, "only {killed} of {begun} imports were killed under way");
            let mut child =
                site.importing().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let thousandths = u32::try_from(seed.rotate_left(begun * 3) % 1_000).unwrap();
            std::thread::sleep(takes * thousandths / 1_000);
            child.kill().unwrap();
            if child.wait().unwrap().success() {
                ends_alike(&site);
                site = Site::new(name).unwrap();
            } else {
                killed += 1;
            }
        }
        site.import();
        ends_alike(&site);
        println!("{name}: {killed} of {begun} imports were killed under way");
    }
}
