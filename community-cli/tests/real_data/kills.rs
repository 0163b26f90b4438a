//! Imports that are killed and begun again.

use std::process::Stdio;
use std::time::Duration;

use crate::{SITES, Site};

const KILLS: u32 = 20;

#[test]
fn an_import_that_is_killed_twenty_times_ends_like_an_undisturbed_one() {
    for name in SITES {
        let Some(undisturbed) = Site::imported(name) else { return };
        let site = Site::new(name).unwrap();
        // The random numbers are those of the directory's name: other ones with each run.
        let seed = site.dir.path().to_string_lossy().bytes().fold(7u64, |seed, byte| {
            seed.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(u64::from(byte))
        });
        let mut killed = 0;
        for n in 0..KILLS {
            let mut child =
                site.importing().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let wait = seed.rotate_left(n * 3) % 1_500;
            std::thread::sleep(Duration::from_millis(wait));
            child.kill().unwrap();
            killed += u32::from(!child.wait().unwrap().success());
        }
        assert!(killed > KILLS / 4, "only {killed} of {KILLS} imports were killed under way");
        site.import();
        assert!(undisturbed.export() == site.export(), "{name}: the export differs");
        let report = site.run(&["verify"]);
        assert_eq!(report["findings"], serde_json::json!([]), "{name}");
    }
}
