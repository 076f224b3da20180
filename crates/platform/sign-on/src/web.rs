//! Requests to the provider.

use crate::SignOnError;
use std::time::Duration;

/// Longest wait for an answer of the provider.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// An answer of the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: String,
}

/// How the provider is asked.
pub trait Web: std::fmt::Debug + Send + Sync {
    /// Gets a document.
    ///
    /// # Errors
    /// [`SignOnError::Provider`] when there is no answer.
    fn get(&self, url: &str) -> Result<Reply, SignOnError>;

    /// Sends a form, with credentials in the header where there are any.
    ///
    /// # Errors
    /// [`SignOnError::Provider`] when there is no answer.
    fn post(&self, url: &str, form: &str, authorization: Option<&str>) -> Result<Reply, SignOnError>;
}

/// By HTTP; redirects are not followed.
#[derive(Debug, Default)]
pub struct Http;

impl Http {
    fn agent() -> ureq::Agent {
        ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .into()
    }

    fn read(url: &str, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Reply, SignOnError> {
        let failed = |e: ureq::Error| SignOnError::provider(format!("{url} does not answer: {e}"));
        let mut answer = answer.map_err(failed)?;
        let body = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_string().map_err(failed)?;
        Ok(Reply { status: answer.status().as_u16(), body })
    }
}

impl Web for Http {
    fn get(&self, url: &str) -> Result<Reply, SignOnError> {
        Self::read(url, Self::agent().get(url).header("Accept", "application/json").call())
    }

    fn post(&self, url: &str, form: &str, authorization: Option<&str>) -> Result<Reply, SignOnError> {
        let mut request = Self::agent()
            .post(url)
            .header("Accept", "application/json")
            .header("Content-Type", "application/x-www-form-urlencoded");
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        Self::read(url, request.send(form))
    }
}
