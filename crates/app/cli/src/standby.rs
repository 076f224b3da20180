//! `holdfast serve --role standby`: waits beside the server that has the desk, and becomes it.

use crate::live::pause;
use crate::output;
use holdfast_screening::clock::Time;
use holdfast_screening::replay::Replay;
use holdfast_screening::standby::{Attempt, Followed, Standby};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_server::standby::{Following, serve_standby};
use holdfast_store::StoreError;
use holdfast_telemetry::logs::one_line;
use holdfast_telemetry::service;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How often a standby looks whether there is more to read, and whether the desk has no writer.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often it reports how far it is.
const REPORT_EVERY: Duration = Duration::from_secs(60);

/// Follows the desk of a database until it has no writer, and opens it then; nothing when the process is to stop. Health is served meanwhile.
pub fn wait_for_turn(url: &str, listener: TcpListener) -> anyhow::Result<Option<Screening>> {
    let following: Following = Arc::new(RwLock::new(Ok("connecting to the database".to_owned())));
    let done = Arc::new(AtomicBool::new(false));
    let (seen, end) = (following.clone(), done.clone());
    // It ends by itself while the desk opens: answers that are under way keep nobody waiting.
    let answers = move || {
        if let Err(e) = answer(listener, seen, &end) {
            tracing::error!(reason = one_line(e), "the standby's health is not served");
        }
    };
    std::thread::Builder::new().name("standby-http".into()).spawn(answers)?;
    service::ready();
    let turn = follow(url, &following);
    done.store(true, Ordering::Release);
    turn
}

fn answer(listener: TcpListener, following: Following, done: &Arc<AtomicBool>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = Arc::clone(done);
    let stop = async move {
        while !done.load(Ordering::Acquire) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    runtime.block_on(async { serve_standby(tokio::net::TcpListener::from_std(listener)?, following, stop).await })?;
    Ok(())
}

fn words(followed: Followed) -> String {
    format!("input {} of {} is folded", followed.position, followed.stored)
}

/// Says what differs between the decisions that this program makes and those that are stored, when there is more of it. A version that is tried beside the one
/// in use must say nothing here before it takes over.
#[derive(Default)]
struct Differences(usize);

impl Differences {
    fn look(&mut self, report: &Replay) {
        if report.problems.len() <= self.0 {
            return;
        }
        self.0 = report.problems.len();
        let (different, first) = (report.different, report.first_difference);
        let newest = report.problems.last().map(one_line).unwrap_or_default();
        tracing::warn!(different, first, newest, "this version decides otherwise than what is stored");
    }
}

/// Whether an error is of a lost connection, so that another try may succeed.
fn is_lost(e: &ScreeningError) -> bool {
    match e {
        ScreeningError::Store(StoreError::Db(e)) => e.is_lost(),
        _ => false,
    }
}

/// Says why the log is not followed, once.
#[derive(Default)]
struct Said(String);

impl Said {
    fn failed(&mut self, e: &ScreeningError, following: &Following) {
        let why = one_line(e);
        set(following, Err(why.clone()));
        if self.0 != why {
            tracing::warn!(reason = why, "the log cannot be followed; trying again");
            self.0 = why;
        }
    }
}

fn set(following: &Following, state: Result<String, String>) {
    *following.write().unwrap_or_else(PoisonError::into_inner) = state;
}

fn is_stopping() -> bool {
    output::stopping().is_break()
}

fn connect(url: &str, following: &Following) -> Option<Standby> {
    let mut said = Said::default();
    while !is_stopping() {
        match Standby::follow(url) {
            Ok(standby) => return Some(standby),
            Err(e) => said.failed(&e, following),
        }
        service::alive();
        pause(LOOK_EVERY);
    }
    None
}

fn follow(url: &str, following: &Following) -> anyhow::Result<Option<Screening>> {
    let Some(mut standby) = connect(url, following) else { return Ok(None) };
    let (mut said, mut differences, mut next_report) = (Said::default(), Differences::default(), Instant::now());
    while !is_stopping() {
        service::alive();
        let followed = standby.catch_up(&mut |followed| {
            set(following, Ok(words(followed)));
            service::alive();
            output::stopping()
        });
        match followed {
            Err(e) => said.failed(&e, following),
            // A desk that nobody began is begun by its own server, not by a standby.
            Ok(followed) if followed.stored == 0 => set(following, Ok("the desk has not begun".to_owned())),
            Ok(_) if is_stopping() => break,
            Ok(followed) => {
                said = Said::default();
                set(following, Ok(words(followed)));
                differences.look(standby.report());
                if Instant::now() >= next_report {
                    next_report = Instant::now() + REPORT_EVERY;
                    let (decisions, different) = (standby.report().decisions, standby.report().different);
                    tracing::info!(
                        position = followed.position,
                        lag = followed.lag(),
                        decisions,
                        different,
                        "standing by"
                    );
                }
                let began = Instant::now();
                standby = match standby.take_over(Time::system()) {
                    Ok(Attempt::Waits(waiting)) => *waiting,
                    // The primary went away while the desk was opened.
                    Err(e) if is_lost(&e) => {
                        said.failed(&e, following);
                        let Some(again) = connect(url, following) else { return Ok(None) };
                        again
                    }
                    Err(e) => return Err(e.into()),
                    Ok(Attempt::Writer(screening)) => {
                        let (position, millis) = (followed.position, began.elapsed().as_millis());
                        tracing::info!(position, millis, "the desk had no writer; this server takes over");
                        return Ok(Some(*screening));
                    }
                };
            }
        }
        pause(LOOK_EVERY);
    }
    Ok(None)
}
