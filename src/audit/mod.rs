//! The record: what happened, to what, by whom, with typed facts. Pure: rules read codes and facts, never a sentence;
//! sentences are made when something is shown.

mod detail;
mod event;
mod job_run;
mod kind;
mod line;
mod november;
mod subject;

pub use self::{
    detail::{Cause, DeprecationFacts, EventDetail, TokenDetail, TokenFacts, TokenRights},
    event::{Event, EventFilter, EventPage, HostEvent, NamedAccount},
    job_run::{Job, JobRun},
    kind::EventKind,
    line::EventLine,
    november::{read as read_november, sentences as november_sentences},
    subject::{ActingKey, ActingSession, Actor, Subject},
};

/// Reads an event as it is stored: as this version writes it, or as the release of November 2026 did. What nobody can
/// read is kept as text.
pub fn read(kind: &str, detail: &str, subject: &Subject<'_>) -> (EventKind, EventDetail) {
    if let Some(kind) = EventKind::parse(kind) {
        return (kind, EventDetail::from_text(detail));
    }
    read_november(kind, detail, subject).unwrap_or_else(|| {
        let parts: Vec<_> = [kind, detail].into_iter().filter(|part| !part.is_empty()).collect();
        (EventKind::Other, EventDetail::Text { text: parts.join(": ") })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_can_read_is_kept_as_text() {
        let (kind, detail) = read("profile polished", "twice", &Subject::default());
        assert_eq!(
            (kind, detail),
            (EventKind::Other, EventDetail::Text { text: "profile polished: twice".to_owned() })
        );
    }

    #[test]
    fn a_text_that_looks_like_facts_is_no_fact_in_a_row_of_november() {
        let named = "{\"type\":\"token_end\"}";
        let (kind, detail) = read("token deleted", named, &Subject::default());
        assert_eq!(kind, EventKind::TokenDeleted);
        assert_eq!(detail.token().and_then(|told| told.token.as_ref()).map(|facts| facts.name.as_str()), Some(named));
    }
}
