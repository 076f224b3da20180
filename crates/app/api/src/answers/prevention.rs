//! Answers about campaigns of warnings.

use holdfast_decision::warnings::Scam;
use holdfast_prevention::campaigns::{CampaignState, NewCampaign};
use holdfast_state::answers::views;
use holdfast_types::Timestamp;
use holdfast_types::ids::CampaignId;
use serde::Serialize;
use utoipa::ToSchema;

views! {
    /// A campaign.
    Campaign of holdfast_prevention::campaigns::Campaign {
        /// Number.
        #[schema(value_type = i64)]
        id: CampaignId,
        /// As it was drafted.
        plan: NewCampaign,
        /// State.
        state: CampaignState,
        /// Unix seconds.
        #[schema(value_type = i64)]
        created: Timestamp,
        /// Who drafted it.
        created_by: String,
        /// When messages went out.
        #[schema(value_type = Option<i64>)]
        started: Option<Timestamp>,
        /// When it ended: later payments do not count.
        #[schema(value_type = Option<i64>)]
        ended: Option<Timestamp>,
        /// People who got the message.
        told: i64,
        /// People who were held out.
        held_out: i64,
    }

    /// Why a person was selected.
    Because of holdfast_prevention::campaigns::Because {
        /// Payments that went out.
        paid: u64,
        /// Withdrawals that are held.
        about_to_pay: u64,
        /// Value of both, minor units of the reference currency.
        value: u64,
        /// Events, the latest 20.
        events: Vec<String>,
    }

    /// A recipient of a campaign, or a person held out.
    #[schema(as = CampaignPerson)]
    Person of holdfast_prevention::campaigns::Person {
        /// Customer.
        customer: String,
        /// told (received the message) or held_out; empty in a preview.
        arm: String,
        /// Language of the message.
        lang: String,
        /// Why.
        because: Because = into,
    }

    /// A figure with the interval that holds it with 95% confidence.
    Estimate of holdfast_prevention::campaigns::Estimate {
        /// Best estimate.
        value: f64,
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    }

    /// One arm of a campaign.
    #[schema(as = CampaignArm)]
    Arm of holdfast_prevention::campaigns::Arm {
        /// People.
        people: u64,
        /// People who paid a scam after the start.
        paid_again: u64,
        /// What they paid, minor units of the reference currency.
        value: u64,
        /// Withdrawals to scams that were held or cancelled.
        stopped: u64,
        /// Value of these.
        stopped_value: u64,
    }

    /// What a campaign did.
    #[schema(as = CampaignEffect)]
    Effect of holdfast_prevention::campaigns::Effect {
        /// People who got the message.
        told: Arm = into,
        /// People who were held out.
        held_out: Arm = into,
        /// Reduction of the share that paid again among those who received the message, in percentage points (Newcombe 1998, hybrid score interval).
        fewer_payers: Option<Estimate> = some,
        /// Value saved by the messages, minor units (Welch's interval on the means, times the people who received one).
        value_kept: Option<Estimate> = some,
        /// Summary in English, with what may be concluded.
        words: String,
    }

    /// A message's text by scam and language. `{partner}` is replaced by the partner's name.
    #[schema(as = CampaignTemplate)]
    Template of holdfast_prevention::campaigns::Template {
        /// Scam.
        scam: Scam,
        /// Language, BCP 47.
        lang: String,
        /// Version; 0 is what Holdfast ships with.
        version: u32,
        /// Subject.
        subject: String,
        /// Text.
        body: String,
    }
}
