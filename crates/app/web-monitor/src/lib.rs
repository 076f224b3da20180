//! Pages of the desk's monitoring and of what it rests on: the dashboard, drafts of rule books, learned models, watch lists, the audit log, tags and packs, prices, providers, the outbox. What all pages are made of is in `holdfast-page`.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::too_many_lines))]

mod audit;
mod dashboard;
mod drafts;
mod model_work;
mod models;
mod outbox;
mod own_tags;
mod packs;
mod prices;
mod providers;
mod retention;
mod suggestions;
mod tags;
mod typologies;
mod watches;

use holdfast_state::limits::{BOOK, FILE, LIST};
use holdfast_state::routes::{AUDIT, DESK, MANAGE, Needs, READ, READ_OR_RULES, READERS, RULES, Routes, STAFF};

/// Who looks after connections sees how they stand.
const PROVIDERS: Needs = Needs::key(&["read", "manage"]);
/// Who closes alerts reviews the audit sample.
const ALERTS: Needs = Needs::key(&["alerts"]);
/// Who brings packs in sees which there are.
const PACKS: Needs = Needs::key(&["read", "manage"]);

/// Who erases, and who places legal holds.
const RETENTION: Needs = Needs::key(&["manage", "desk", "approve"]);

/// Returns the routes of these pages, each with what its visitor needs.
#[must_use]
pub fn routes() -> Routes {
    Routes::new("monitoring pages")
        .get("/desk/dashboard", READERS.long(), dashboard::page)
        .get("/desk/dashboard/{chart}/csv", READERS.long(), dashboard::csv)
        .get("/desk/audit", AUDIT.long(), audit::list)
        .get("/desk/audit/csv", AUDIT.long(), audit::csv)
        .get("/desk/rules/drafts", READ_OR_RULES, drafts::list)
        .post("/desk/rules/drafts", RULES, drafts::begin)
        .get("/desk/rules/drafts/{id}", READ_OR_RULES.personal().long(), drafts::page)
        .post("/desk/rules/drafts/{id}", RULES.body(BOOK).long(), drafts::step)
        .get("/desk/rules/{version}/diff", READ_OR_RULES.long(), drafts::version)
        .post("/desk/rules/{version}/restore", RULES.long(), drafts::bring_back)
        .get("/desk/models", READ_OR_RULES, models::list)
        .get("/desk/models/compare", READ_OR_RULES.long(), models::compare)
        .get("/desk/models/audit-sample", READ_OR_RULES.personal(), models::sample)
        .post("/desk/models/audit-sample/{event}", ALERTS, models::review)
        .get("/desk/models/train", RULES, model_work::trainings)
        .post("/desk/models/train", RULES.body(LIST), model_work::train)
        .post("/desk/models/train-accounts", RULES.body(LIST), model_work::train_accounts)
        .get("/desk/models/train/{purpose}", RULES, model_work::training)
        .post("/desk/models/train/{purpose}", RULES, model_work::stop)
        .get("/desk/models/import", RULES, model_work::import_page)
        .post("/desk/models/import", RULES.body(LIST).long(), model_work::import)
        .get("/desk/models/{hash}", READ_OR_RULES.long(), models::page)
        .post("/desk/models/{hash}", RULES, models::take)
        .get("/desk/typologies", READ_OR_RULES.long(), typologies::page)
        .get("/desk/watch-lists", READERS, watches::list)
        .post("/desk/watch-lists", READERS, watches::make)
        .get("/desk/watch-lists/{id}", READERS, watches::page)
        .post("/desk/watch-lists/{id}", READERS.body(LIST), watches::step)
        .get("/desk/notifications", READERS, watches::notifications)
        .post("/desk/notifications", READERS, watches::seen)
        .get("/desk/prices", READ_OR_RULES, prices::list)
        .post("/desk/prices", RULES, prices::set)
        .get("/desk/retention", RETENTION, retention::page)
        .post("/desk/retention", MANAGE, retention::set)
        .post("/desk/retention/holds", STAFF, retention::place)
        .post("/desk/retention/holds/{id}", STAFF, retention::lift)
        .post("/desk/retention/erasures", MANAGE, retention::propose)
        .post("/desk/retention/erasures/{id}", MANAGE.long(), retention::decide)
        .get("/desk/providers", PROVIDERS, providers::page)
        .post("/desk/providers", READ.long(), providers::ask)
        .get("/desk/outbox", MANAGE.personal(), outbox::list)
        .post("/desk/outbox/{id}", MANAGE, outbox::retry)
        .post("/desk/outbox/webhooks/{id}", MANAGE, outbox::retry_webhook)
        .get("/desk/tags", READ.long(), tags::list)
        .get("/desk/tags/conflicts", READ.long(), tags::conflicts)
        .get("/desk/tags/own", READ, own_tags::list)
        .post("/desk/tags/own", DESK.long(), own_tags::add)
        .get("/desk/tags/own/{id}", READ, own_tags::page)
        .post("/desk/tags/own/{id}", DESK.long(), own_tags::step)
        .get(suggestions::HERE, READ.long(), suggestions::list)
        .get("/desk/tags/suggestions/{id}", READ.long(), suggestions::page)
        .post("/desk/tags/suggestions/{id}", DESK.long(), suggestions::decide)
        .get("/desk/packs", PACKS.long(), packs::list)
        .post("/desk/packs", MANAGE.body(FILE).long(), packs::import)
        .get("/desk/packs/imports/{job}", MANAGE, packs::import_job)
        .post("/desk/packs/withdraw", MANAGE.long(), packs::withdraw)
}
