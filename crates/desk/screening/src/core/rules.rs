//! Rule books, models in force and prices.

use super::Core;
use crate::service::ScreeningError;
use holdfast_decision::Price;
use holdfast_decision::inputs::{AssetPrice, Input, ModelsInForce, Rules};
use holdfast_decision::rules::{RuleBook, RuleError};
use holdfast_store::DbError;
use holdfast_store::number;
use holdfast_types::asset;
use holdfast_types::{Invalid, Timestamp};
use serde_json::json;
use std::sync::Arc;

impl Core {
    /// Puts a rule book in force; returns its version.
    pub(crate) fn apply_rules(&mut self, yaml: &str, actor: &str, now: Timestamp) -> Result<u32, ScreeningError> {
        let version = self.put_rules(yaml, actor, now)?;
        self.append(&Input::Rules(Rules { version, yaml: yaml.to_owned() }), now);
        Ok(version)
    }

    /// Puts a rule book in force before the log of inputs begins; returns its version.
    pub(super) fn put_rules(&mut self, yaml: &str, actor: &str, now: Timestamp) -> Result<u32, ScreeningError> {
        let rows = self.db.query("SELECT COALESCE(MAX(version), 0) FROM rule_books", &[])?;
        let latest = rows.first().map_or(Ok(0), |r| r.int(0))?;
        let version = u32::try_from(latest).map_err(|_| DbError::Type(0))? + 1;
        let book = RuleBook::parse(yaml, version)?;
        if let (Some(old), true) = (Some(&self.fold.book), version > 1) {
            for rule in book.rules() {
                if let Some(before) = old.rules().iter().find(|r| r.id == rule.id)
                    && before.version == rule.version
                    && (&before.when, before.decision, &before.on, &before.hold, &before.warning)
                        != (&rule.when, rule.decision, &rule.on, &rule.hold, &rule.warning)
                {
                    let text = format!("changed, but still version {}; raise its version", rule.version);
                    return Err(RuleError::Rule(rule.id.clone(), text).into());
                }
            }
        }
        self.db.execute(
            "INSERT INTO rule_books (version, time, author, sha256, yaml) VALUES ($1, $2, $3, $4, $5)",
            &[i64::from(version).into(), now.into(), actor.into(), book.sha256.as_str().into(), yaml.into()],
        )?;
        let detail = json!({"version": version, "sha256": book.sha256, "rules": book.rules().len()}).to_string();
        self.audit(now, actor, "rules.applied", &format!("rules:{version}"), &detail);
        self.lists_mut().book = Arc::new(book);
        Ok(version)
    }

    /// Puts the models in force that the table has as champions and in shadow.
    pub(crate) fn apply_models(&mut self, now: Timestamp) -> Result<(), DbError> {
        let models = holdfast_learned::in_force(&mut self.db, &self.fold.models)?;
        if models.stated() != self.fold.models.stated() {
            self.append(&Input::Models(ModelsInForce { models: models.stated() }), now);
            self.lists_mut().models = models;
        }
        Ok(())
    }

    /// Sets the price of an asset; `why` is empty where a program sets it.
    pub(crate) fn set_price(
        &mut self,
        asset: &str,
        price: Price,
        why: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<(), ScreeningError> {
        if price.base_units.is_zero()
            || price.value == 0
            || i64::try_from(price.value).is_err()
            || asset.is_empty()
            || asset.len() > 200
        {
            return Err(Invalid::new("price", "asset, base_units and value must not be empty or zero").into());
        }
        let asset = asset::canonical(asset);
        self.db.execute(
            "INSERT INTO prices (asset, base_units, value, time) VALUES ($1, $2, $3, $4)
             ON CONFLICT (asset) DO UPDATE SET base_units = excluded.base_units, value = excluded.value, time = excluded.time",
            &[asset.as_str().into(), price.base_units.to_string().into(), number(price.value), now.into()],
        )?;
        let mut detail = json!({"base_units": price.base_units.to_string(), "value": price.value});
        if !why.is_empty() {
            detail["reason"] = why.into();
        }
        self.audit(now, actor, "price.set", &format!("price:{asset}"), &detail.to_string());
        let price = AssetPrice { asset, price };
        self.lists_mut().price(&price);
        self.append(&Input::Price(price), now);
        Ok(())
    }
}
