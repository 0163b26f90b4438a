//! What policies decide: as tables, and scopes against decisions over random worlds.

mod inheritance;
mod matrix;
mod sanctions;
mod scopes;
mod world;
