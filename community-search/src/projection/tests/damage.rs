//! An index on disk to which something happened, and a store that is not the one it was.

use std::fs;
use std::path::{Path, PathBuf};

use tantivy::Index;
use tantivy::directory::MmapDirectory;
use tempfile::TempDir;

use super::super::generation::is_whole;
use super::*;
use crate::SearchError;

fn open(path: &Path) -> Projection {
    undisturbed(|| Projection::open(path, settings(20), env().0)).unwrap()
}

/// An index on disk, in several segments if much has happened, and what is in it.
fn built(store: &dyn Store) -> (TempDir, Dump) {
    let home = TempDir::new().unwrap();
    let mut projection = open(home.path());
    // A generation that is complete lies in one segment, and this one is before anything happens.
    block_on(projection.catch_up(&MemoryStore::with_epoch(1), 1)).unwrap();
    catch_up(&mut projection, store, 15);
    let dump = dump(&projection);
    (home, dump)
}

/// All files below a directory.
pub(crate) fn files(path: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

pub(crate) fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let there = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(there.parent().unwrap()).unwrap();
        fs::copy(&file, there).unwrap();
    }
}

#[test]
fn an_index_is_opened_as_it_was_left() {
    let engine = after_script(1);
    let (home, whole) = built(engine.store());
    let again = open(home.path());
    assert_eq!(dump(&again), whole);
    assert_eq!(whole, in_one_go(engine.store()));
}

/// Does something to each file of an index in turn, and looks whether the index comes back.
fn survives(what: fn(&Path)) {
    let engine = after_script(1);
    let (home, whole) = built(engine.store());
    let names = files(home.path());
    assert!(names.iter().any(|name| name.ends_with("meta.json")));
    assert!(names.iter().filter(|name| name.extension().is_some_and(|e| e == "idx")).count() > 1);
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        let name = name.strip_prefix(home.path()).unwrap();
        let damaged = TempDir::new().unwrap();
        copy(home.path(), damaged.path());
        what(&damaged.path().join(name));
        let mut projection = open(damaged.path());
        catch_up(&mut projection, engine.store(), 50);
        assert_eq!(dump(&projection), whole, "{}", name.display());
        drop(projection);
        assert_eq!(dump(&open(damaged.path())), whole, "{} and reopened", name.display());
    }
}

#[test]
fn any_file_may_be_missing() {
    survives(|file| fs::remove_file(file).unwrap());
}

#[test]
fn any_file_may_be_empty() {
    survives(|file| fs::write(file, "").unwrap());
}

#[test]
fn any_file_may_end_early() {
    for part in [2, 7] {
        let cut: fn(&Path) = match part {
            2 => |file| cut(file, |length| length / 2),
            _ => |file| cut(file, |length| length.min(6)),
        };
        survives(cut);
    }
}

fn cut(file: &Path, length: fn(usize) -> usize) {
    let bytes = fs::read(file).unwrap();
    fs::write(file, &bytes[..length(bytes.len())]).unwrap();
}

#[test]
fn any_file_may_hold_another_byte() {
    survives(|file| {
        let mut bytes = fs::read(file).unwrap();
        let middle = bytes.len() / 2;
        // A letter, so that JSON stays text.
        if let Some(byte) = bytes.get_mut(middle) {
            *byte = if *byte == b'x' { b'y' } else { b'x' };
        }
        fs::write(file, bytes).unwrap();
    });
}

#[test]
fn a_file_that_ends_early_is_found_without_a_panic() {
    let engine = after_script(1);
    let (home, _) = built(engine.store());
    let generation = home.path().join("gen-1");
    let segments = files(&generation).into_iter().filter(|file| {
        let name = file.file_name().unwrap().to_str().unwrap();
        !name.starts_with('.') && name != "meta.json"
    });
    for file in segments {
        let bytes = fs::read(&file).unwrap();
        for length in 0..16 {
            fs::write(&file, &bytes[..length]).unwrap();
            let directory = MmapDirectory::open(&generation).unwrap();
            let index = Index::open(directory.clone()).unwrap();
            assert_ne!(is_whole(&index, &directory), Some(true), "{}", file.display());
        }
        fs::write(&file, bytes).unwrap();
    }
    assert!(open(home.path()).index().snapshot().is_some());
}

/// Its files would never be deleted.
#[test]
fn a_generation_that_does_not_know_its_files_is_not_used() {
    let engine = after_script(1);
    let (home, _) = built(engine.store());
    fs::remove_file(home.path().join("gen-1").join(".managed.json")).unwrap();
    assert!(open(home.path()).index().snapshot().is_none());
}

#[test]
fn all_may_be_missing() {
    let engine = after_script(1);
    let (home, whole) = built(engine.store());
    fs::remove_dir_all(home.path()).unwrap();
    let mut projection = open(home.path());
    assert!(projection.index().snapshot().is_none());
    catch_up(&mut projection, engine.store(), 50);
    assert_eq!(dump(&projection), whole);
}

#[test]
fn files_that_vanish_while_the_index_is_open_are_written_again() {
    let (half, whole) = (after_part_of_script(1, 0.6), after_script(1));
    let home = TempDir::new().unwrap();
    let mut projection = open(home.path());
    catch_up(&mut projection, half.store(), 15);
    let index = projection.index();
    for file in files(&home.path().join("gen-1")) {
        fs::remove_file(file).unwrap();
    }
    // An attempt may fail; what is served stays, and the next attempts put it right.
    let mut attempts = 0;
    loop {
        attempts += 1;
        assert!(attempts < 10, "the index never recovers");
        let progress = block_on(projection.catch_up(whole.store(), usize::MAX));
        let flushed = projection.flush();
        assert!(index.snapshot().is_some());
        if progress.is_ok_and(|progress| progress.lag == 0) && flushed.is_ok() {
            break;
        }
    }
    drop(projection);
    let mut projection = open(home.path());
    catch_up(&mut projection, whole.store(), 50);
    assert_eq!(dump(&projection), in_one_go(whole.store()));
}

#[test]
fn an_index_has_one_user_at_a_time() {
    let home = TempDir::new().unwrap();
    let first = open(home.path());
    let second = Projection::open(home.path(), settings(1), env().0);
    assert!(matches!(second, Err(SearchError::InUse)));
    drop(first);
    open(home.path());
}

/// The index of one store, brought to another one: the old one is served until the new one is
/// complete, and then nothing of the old one is left.
fn changes_over(before: &Engine, after: &Engine) {
    let (home, old) = built(before.store());
    let mut projection = open(home.path());
    let progress = block_on(projection.catch_up(after.store(), 5)).unwrap();
    assert!(progress.rebuilding);
    assert_eq!(dump(&projection), old);
    assert_eq!(projection.searched(), None, "the old one says nothing of the new store");
    // Also when the process ends in between.
    projection.flush().unwrap();
    drop(projection);
    let mut projection = open(home.path());
    assert_eq!(dump(&projection), old);
    catch_up(&mut projection, after.store(), 50);
    let whole = in_one_go(after.store());
    assert_eq!(dump(&projection), whole);
    assert_eq!(projection.searched(), Some(whole.seq));
    drop(projection);
    assert_eq!(dump(&open(home.path())), whole);
    let generations =
        fs::read_dir(home.path()).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir());
    assert_eq!(generations.count(), 1);
}

fn with_epoch(seed: u64, opener: fn() -> Opener) -> Engine {
    let script = Script::generate(seed, MOST_STEPS);
    engine_after(&script, Backend::new("memory", opener)).unwrap()
}

#[test]
fn a_store_with_another_epoch_gets_an_index_of_its_own() {
    // A restored backup: the same events, and more or fewer of them.
    changes_over(&after_script(1), &with_epoch(1, || opener(2)));
    changes_over(&after_script(1), &with_epoch(2, || opener(2)));
}

#[test]
fn a_store_that_is_behind_gets_an_index_of_its_own() {
    changes_over(&after_script(1), &after_part_of_script(1, 0.7));
}

#[test]
fn a_store_with_another_past_gets_an_index_of_its_own() {
    let (short, long) = (after_part_of_script(3, 0.2), after_script(4));
    assert!(log(short.store()).len() < log(long.store()).len());
    changes_over(&short, &long);
}

#[test]
fn a_store_that_is_ahead_is_followed() {
    let (home, _) = built(after_part_of_script(1, 0.4).store());
    let engine = after_script(1);
    let mut projection = open(home.path());
    let progress = block_on(projection.catch_up(engine.store(), 1)).unwrap();
    assert!(!progress.rebuilding);
    catch_up(&mut projection, engine.store(), 50);
    assert_eq!(dump(&projection), in_one_go(engine.store()));
}

#[test]
fn other_languages_give_another_index() {
    let engine = after_script(1);
    let (home, old) = built(engine.store());
    let dutch = Settings { language: Language::Dutch, ..settings(20) };
    let open = || Projection::open(home.path(), dutch, env().0);
    let mut projection = undisturbed(open).unwrap();
    // Its words are not those that would be looked for.
    assert!(projection.index().snapshot().is_none());
    catch_up(&mut projection, engine.store(), 50);
    assert_ne!(dump(&projection), old);
}

#[test]
fn a_generation_that_is_half_built_is_gone_on_with() {
    let engine = after_script(1);
    let home = TempDir::new().unwrap();
    let mut projection = open(home.path());
    let events = log(engine.store()).len();
    block_on(projection.catch_up(engine.store(), events - 10)).unwrap();
    projection.flush().unwrap();
    drop(projection);
    let mut projection = open(home.path());
    assert!(projection.index().snapshot().is_none());
    let progress = block_on(projection.catch_up(engine.store(), 1)).unwrap();
    assert_eq!(progress.lag, 9);
    catch_up(&mut projection, engine.store(), 3);
    assert_eq!(dump(&projection), in_one_go(engine.store()));
}

/// What was read of the store's future never happens.
#[test]
fn a_generation_that_is_half_built_does_not_outlive_a_store_that_falls_back() {
    for seed in 1..8 {
        let (whole, half) = (after_script(seed), after_part_of_script(seed, 0.6));
        let disk: Arc<dyn Disk> = Arc::new(Memory::default());
        let mut building = projection(&disk, 1);
        let events = log(half.store()).len() - 1;
        let progress = block_on(building.catch_up(whole.store(), events)).unwrap();
        assert!(progress.rebuilding);
        catch_up(&mut building, half.store(), 9);
        assert_eq!(dump(&building), in_one_go(half.store()), "seed {seed}");
    }
}

#[test]
fn what_changes_while_a_generation_is_built_is_in_it() {
    // The state that is read is ahead of the events that are read, and behind those to come.
    let (half, whole) = (after_part_of_script(6, 0.6), after_script(6));
    for events in [1, 20, 45] {
        let disk: Arc<dyn Disk> = Arc::new(Memory::default());
        let mut building = projection(&disk, 1);
        let progress = block_on(building.catch_up(half.store(), events)).unwrap();
        assert!(progress.rebuilding);
        drop(building);
        let mut building = projection(&disk, 1);
        catch_up(&mut building, whole.store(), 9);
        assert_eq!(dump(&building), in_one_go(whole.store()), "{events} events before");
    }
}
