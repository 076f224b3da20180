//! Ids of stored things, each with a type of its own, so that one is never taken for another.
//!
//! A number is an integer in JSON and a `BIGINT` that is not negative in the database; an id that others gave or that is derived is text in both.

use serde::{Deserialize, Serialize};

/// Text or a stored value that is no id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no number of a {1}")]
pub struct IdProblem(String, &'static str);

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Makes an id of its number.
            #[must_use]
            pub const fn new(number: u64) -> Self {
                $name(number)
            }

            /// Returns the number.
            #[must_use]
            pub const fn number(self) -> u64 {
                self.0
            }
        }

        impl From<$name> for u64 {
            fn from(id: $name) -> u64 {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdProblem;

            fn from_str(text: &str) -> Result<Self, IdProblem> {
                text.parse().map($name).map_err(|_| IdProblem(text.to_owned(), $what))
            }
        }

        impl TryFrom<i64> for $name {
            type Error = IdProblem;

            fn try_from(stored: i64) -> Result<Self, IdProblem> {
                u64::try_from(stored).map($name).map_err(|_| IdProblem(stored.to_string(), $what))
            }
        }
    )*};
}

ids! {
    /// A case.
    CaseId, "case";
    /// An item of a case: an exhibit, a note, a subject.
    CaseItemId, "case item";
    /// A report to an authority.
    ReportId, "report";
    /// A recommendation to another team.
    RecommendationId, "recommendation";
    /// A production that answers a request.
    ProductionId, "production";
    /// A transfer of a seizure.
    SeizureId, "seizure";
    /// An officer of the portal.
    OfficerId, "officer";
    /// An agency.
    AgencyId, "agency";
    /// A campaign.
    CampaignId, "campaign";
    /// A session of a course.
    CourseSessionId, "session";
    /// A learner of the academy.
    LearnerId, "learner";
    /// A learner's attempt at a lab.
    AttemptId, "attempt";
    /// A source of shared objects.
    SourceId, "source";
    /// A member of a community.
    MemberId, "member";
}

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $name(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                $name(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

text_ids! {
    /// A community (UUID).
    CommunityId;
    /// A flag of stolen funds: its STIX id, the same at every partner, or one of this desk's own.
    FlagId;
    /// A shared object, such as an indicator: `TYPE--UUID` in STIX, `misp:EVENT:ATTRIBUTE` in a MISP feed.
    ObjectId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_integers_in_json_and_not_negative_in_the_database() {
        let id = CaseId::try_from(7).unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "7");
        assert_eq!(serde_json::from_str::<CaseId>("7").unwrap(), id);
        assert!(serde_json::from_str::<CaseId>("-7").is_err());
        assert_eq!(CaseId::try_from(-1).unwrap_err().to_string(), "'-1' is no number of a case");
        assert_eq!(u64::from(id), 7);
    }

    #[test]
    fn ids_read_back_as_they_are_written() {
        assert_eq!("41".parse::<CampaignId>().unwrap().to_string(), "41");
        for text in ["", "-1", "1.0", "18446744073709551616", "x"] {
            assert!(text.parse::<CampaignId>().is_err(), "{text}");
        }
    }

    #[test]
    fn text_ids_are_text_in_json() {
        let id = FlagId::from("indicator--1");
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"indicator--1\"");
        assert_eq!(serde_json::from_str::<FlagId>("\"indicator--1\"").unwrap(), id);
        assert!(serde_json::from_str::<FlagId>("1").is_err());
        assert_eq!((id.as_str(), id.to_string().as_str()), ("indicator--1", "indicator--1"));
    }
}
