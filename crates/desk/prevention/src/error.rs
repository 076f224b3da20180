//! Why a campaign failed.

holdfast_screening::department_error! {
    /// Why a campaign failed.
    PreventionError {}
}
