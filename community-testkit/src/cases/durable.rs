//! G5: a durable store keeps what it has committed.
