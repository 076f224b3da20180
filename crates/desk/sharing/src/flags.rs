//! Raising flags of stolen funds, sharing them, and confirming or withdrawing the desk's own.

use crate::community::Collection;
use crate::sources::is_community;
use crate::stix::{self, Tlp, flag_id, flag_object};
use crate::{Sharing, SharingError};
use holdfast_decision::flags::{Flag, State, Subject};
use holdfast_screening::flags::get;
use holdfast_types::ids::{CommunityId, FlagId, SourceId};
use holdfast_types::{Address, Asset, Invalid, Seconds};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A flag to raise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFlag {
    /// Where it is shared: the id of a community that this desk hosts, or the number of a source (a partner's collection of flags). Without
    /// one, the flag is this desk's alone.
    #[serde(default)]
    pub channel: Option<String>,
    /// What is flagged.
    pub subject: Subject,
    /// Ticker.
    pub asset: String,
    /// Address, transaction id, or `TXID:OUTPUT`.
    pub value: String,
    /// Why.
    pub reason: String,
    /// Hours until it lapses unless confirmed, 1 to 336.
    #[serde(default = "day")]
    pub hours: i64,
    /// Who may read it.
    #[serde(default = "amber")]
    pub tlp: Tlp,
}

fn day() -> i64 {
    24
}

fn amber() -> Tlp {
    Tlp::Amber
}

/// A flag that was raised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Raised {
    /// The flag.
    pub flag: Flag,
    /// Holds on deposits that came before it.
    pub holds: Vec<u64>,
}

/// Where flags go.
enum Channel {
    Here,
    Community(CommunityId),
    Partner(SourceId),
}

impl Sharing<'_> {
    fn channel(&self, channel: Option<&str>) -> Result<(Channel, String), SharingError> {
        let Some(channel) = channel.filter(|c| !c.is_empty()) else { return Ok((Channel::Here, "this desk".into())) };
        if let Ok(number) = channel.parse::<SourceId>() {
            let source = self.source(number)?;
            return Ok((Channel::Partner(number), source.username));
        }
        let community = CommunityId::from(channel);
        if !is_community(self, &community)? {
            return Err(Invalid::new(
                "channel",
                "is neither a community that this desk hosts nor the number of a source",
            )
            .into());
        }
        let own = self.members(&community)?.into_iter().find(|m| m.own);
        let own = own.ok_or_else(|| SharingError::NotFound("this desk in the community".into()))?;
        Ok((Channel::Community(community), own.name))
    }

    /// Returns the name under which this desk shares on a channel.
    ///
    /// # Errors
    /// [`SharingError`] when there is no such channel.
    pub fn own_name(&self, channel: &str) -> Result<String, SharingError> {
        Ok(self.channel(Some(channel))?.1)
    }

    /// Shares objects on a channel: in a community that this desk hosts, or in a partner's collection.
    ///
    /// # Errors
    /// [`SharingError`]; the first object that is refused names itself.
    pub fn share(
        &self,
        channel: &str,
        collection: Collection,
        objects: Vec<serde_json::Value>,
        readers: Vec<String>,
        actor: &str,
    ) -> Result<(), SharingError> {
        match self.channel(Some(channel).filter(|c| !c.is_empty()))?.0 {
            Channel::Here => Err(Invalid::new("channel", "missing").into()),
            Channel::Community(id) => self.share_here(&id, collection, objects, readers, actor).map(|_| ()),
            Channel::Partner(id) => {
                let source = self.source(id)?;
                // Who defines extensions is whoever hosts; and medallion 3.0 answers 500 for ever once it stores an extension definition,
                // whose `version` it takes for a time.
                let objects: Vec<_> = objects.into_iter().filter(|o| o["type"] != "extension-definition").collect();
                if objects.is_empty() {
                    return Ok(());
                }
                self.client(&source)?.share(&source.url, &objects)?;
                self.screening.note_look(
                    "sharing.shared",
                    &format!("source:{id}"),
                    format!("{{\"objects\":{}}}", objects.len()),
                    actor,
                )?;
                Ok(())
            }
        }
    }

    fn publish_flag(&self, flag: &Flag, tlp: Tlp, actor: &str) -> Result<(), SharingError> {
        let mut objects = stix::extension_definitions();
        objects.push(stix::identity(&flag.member));
        objects.push(flag_object(flag, self.screening.now(), tlp));
        match flag.community.as_str() {
            "" => Ok(()),
            channel => self.share(channel, Collection::Flags, objects, Vec::new(), actor),
        }
    }

    /// Raises a flag: shares it, knows it in every decision from now on, and holds past deposits that it touches. When it cannot be shared,
    /// nothing is raised.
    ///
    /// # Errors
    /// [`SharingError::Invalid`] names the field; [`SharingError::NotFound`] for an unknown channel; [`SharingError::Partner`] when its server does
    /// not take the flag.
    pub fn raise(&self, new: NewFlag, actor: &str) -> Result<Raised, SharingError> {
        if !(1..=336).contains(&new.hours) {
            return Err(Invalid::new("hours", "1 to 336").into());
        }
        if new.tlp == Tlp::Red {
            return Err(Invalid::new("tlp", "flags are for all members; TLP:AMBER+STRICT at most").into());
        }
        if new.subject == Subject::Address {
            let asset = Asset::parse(&new.asset).map_err(|e| Invalid::new("asset", e.to_string()))?;
            Address::check_of(&new.value, &asset).map_err(|e| Invalid::new("value", e.to_string()))?;
        }
        let member = self.channel(new.channel.as_deref())?.1;
        let now = self.screening.now();
        let flag = Flag {
            id: flag_id(&member, new.subject, &new.asset, &new.value, now),
            member,
            community: new.channel.unwrap_or_default(),
            subject: new.subject,
            asset: new.asset,
            value: new.value,
            reason: new.reason,
            raised: now,
            until: now + Seconds::hours(new.hours),
            state: State::Open,
            source: None,
            tlp: new.tlp.name().to_owned(),
        };
        let flag = flag.canonical()?;
        self.publish_flag(&flag, new.tlp, actor)?;
        let holds = self.screening.raise_flag(flag.clone(), actor)?;
        Ok(Raised { flag, holds })
    }

    /// Confirms or withdraws one of the desk's own flags, at all partners.
    ///
    /// # Errors
    /// [`SharingError`]; another member's flag is not changed here: release its holds instead.
    pub fn move_flag(&self, id: &FlagId, state: State, why: &str, actor: &str) -> Result<Flag, SharingError> {
        holdfast_decision::model::text_ok("why", why)?;
        if !matches!(state, State::Confirmed | State::Withdrawn) {
            return Err(Invalid::new("state", "confirmed or withdrawn").into());
        }
        let found = self.read(|db| get(db, id))?;
        let flag = found.ok_or_else(|| SharingError::NotFound(format!("flag '{id}'")))?;
        if flag.source.is_some() {
            let what = format!("flag {id} is {}'s; release its holds, or have that member withdraw it", flag.member);
            return Err(SharingError::State(what));
        }
        if flag.state == state || !flag.state.counts() {
            return Err(SharingError::State(format!("flag {id} is {} already", flag.state.name())));
        }
        let moved = Flag { state, ..flag };
        // Withdrawing must reach partners; a flag that was shared and cannot be withdrawn there stays as it is, with an error.
        let tlp = Tlp::from_name(&moved.tlp).unwrap_or(Tlp::Amber);
        self.publish_flag(&moved, tlp, actor)?;
        let (id, why) = (id.clone(), why.to_owned());
        self.transact(actor, move |tx| Ok(tx.end_flag(&id, state, &why)?))?;
        Ok(moved)
    }
}
