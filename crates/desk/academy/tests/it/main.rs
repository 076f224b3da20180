//! Courses, labs and certificates. One binary: each more would be compiled and linked by itself.

mod academy;
mod labs;
mod real_block;
