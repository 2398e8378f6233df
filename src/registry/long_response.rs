//! Answers that may be long, made and sent piece by piece. Short ones are sent whole, with their length. Of a long one only
//! the piece under way is in memory, and what the client has not read yet (the server's write buffer); the next is made
//! when there is room for it. Whoever makes one waits for a turn (`App::long_answers`).

use std::fmt;

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    web::{Bytes, BytesMut},
};
use futures_util::{
    Stream, StreamExt,
    stream::{self, LocalBoxStream},
};
use serde_json::Value;

use super::error::{Dialect, DoorError};

/// Bytes up to which an answer is sent whole.
const WHOLE: usize = 64 * 1024;

/// A JSON document that ends in a list, or in an object of many members.
pub(super) struct Listing<D, T> {
    /// The document up to the list's first item.
    pub(super) head: String,
    /// The items.
    pub(super) items: LocalBoxStream<'static, Result<T, DoorError<D>>>,
    /// What comes after the last item.
    pub(super) tail: &'static str,
}

impl<D: Dialect, T: fmt::Display + 'static> Listing<D, T> {
    /// The answer. What goes wrong before it is long enough to be sent in pieces becomes an answer of its own; later the
    /// connection is broken off, which tells the client that the document is not whole.
    pub(super) async fn answer(
        self,
        mut answer: HttpResponseBuilder,
        content_type: &'static str,
    ) -> Result<HttpResponse, DoorError<D>> {
        answer.content_type(content_type);
        let mut pieces = Box::pin(self.into_pieces());
        let mut begun = BytesMut::new();
        while let Some(piece) = pieces.next().await {
            begun.extend_from_slice(&piece?);
            if begun.len() > WHOLE {
                let begun = stream::iter([Ok(begun.freeze())]);
                return Ok(answer.streaming(begun.chain(pieces)));
            }
        }
        Ok(answer.body(begun.freeze()))
    }

    fn into_pieces(self) -> impl Stream<Item = Result<Bytes, DoorError<D>>> + 'static {
        let mut before = "";
        let items = self.items.map(move |item| -> Result<Bytes, DoorError<D>> {
            let comma = std::mem::replace(&mut before, ",");
            Ok(Bytes::from(format!("{comma}{}", item?)))
        });
        let fixed = |text: Bytes| stream::iter([Ok::<_, DoorError<D>>(text)]);
        fixed(self.head.into()).chain(items).chain(fixed(Bytes::from_static(self.tail.as_bytes())))
    }
}

/// The head of an object whose last member is a list of this name.
pub(super) fn head_of(object: &Value, list: &str) -> String {
    let mut text = object.to_string();
    text.pop();
    format!("{text},\"{list}\":[")
}

#[cfg(test)]
mod tests {
    use actix_web::{body::to_bytes, http::StatusCode};
    use serde_json::json;

    use super::*;
    use crate::{auth::CredentialScheme, tokens::Kind};

    #[derive(Debug)]
    struct Plain;

    impl Dialect for Plain {
        const KIND: Kind = Kind::NuGet;
        const WARNING: &'static str = "Warning";
        const SEND_A_TOKEN: &'static str = "Send a token.";

        fn not_live(_: CredentialScheme) -> StatusCode {
            StatusCode::UNAUTHORIZED
        }

        fn answer(error: &DoorError<Self>) -> HttpResponse {
            HttpResponse::new(error.status)
        }
    }

    fn listing(count: usize, length: usize, fails_at: Option<usize>) -> Listing<Plain, Value> {
        let item = move |number| match fails_at {
            Some(at) if at == number => Err(DoorError::nothing_here()),
            _ => Ok(json!({ "text": "x".repeat(length) })),
        };
        Listing {
            head: head_of(&json!({ "totalHits": count }), "data"),
            items: stream::iter((0..count).map(item)).boxed_local(),
            tail: "]}",
        }
    }

    #[actix_web::test]
    async fn short_and_long_ones_are_whole_documents() {
        for (count, length) in [(0, 0), (1, 10), (3, 100_000), (1_000, 1_000)] {
            let answer = listing(count, length, None).answer(HttpResponse::Ok(), "application/json").await.unwrap();
            let document: Value = serde_json::from_slice(&to_bytes(answer.into_body()).await.unwrap()).unwrap();
            let items = document["data"].as_array().unwrap();
            assert_eq!((document["totalHits"].as_u64(), items.len()), (Some(count as u64), count));
            assert!(items.iter().all(|item| item["text"].as_str().is_some_and(|text| text.len() == length)));
        }
    }

    #[actix_web::test]
    async fn what_goes_wrong_early_is_told_and_later_breaks_the_answer_off() {
        let early = listing(10, 10, Some(5)).answer(HttpResponse::Ok(), "application/json").await.unwrap_err();
        assert_eq!(actix_web::ResponseError::status_code(&early), StatusCode::NOT_FOUND);
        let late = listing(100, 10_000, Some(90)).answer(HttpResponse::Ok(), "application/json").await.unwrap();
        assert!(to_bytes(late.into_body()).await.is_err());
    }
}
