//! The simulated exchange and the typologies found in it. One binary: each more would be compiled and linked by itself.

mod exchange;
mod typologies;
