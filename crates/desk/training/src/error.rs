//! Why something failed.

use holdfast_learned::LearnedError;
use holdfast_models::ModelError;

holdfast_screening::department_error! {
    /// Why something failed.
    TrainingError {
        /// The table that a model is made of, or the model.
        #[error("{0}")]
        Model(ModelError) => Invalid,
        /// The same person again.
        #[error("{1} proposed model {0} as champion; another person must approve it")]
        SecondPerson(String, String) => SecondPerson,
    }
}

impl From<ModelError> for TrainingError {
    fn from(e: ModelError) -> Self {
        TrainingError::Model(e)
    }
}

impl From<LearnedError> for TrainingError {
    fn from(e: LearnedError) -> Self {
        match e {
            LearnedError::Store(e) => e.into(),
            LearnedError::Invalid(e) => e.into(),
            LearnedError::Model(e) => e.into(),
            LearnedError::NotFound(what) => TrainingError::NotFound(what),
            LearnedError::State(why) => TrainingError::State(why),
            LearnedError::SecondPerson(model, person) => TrainingError::SecondPerson(model, person),
        }
    }
}

holdfast_screening::department_error_from_documents!(TrainingError);
