//! Examples of the community engine, each a program of its own in this folder.
