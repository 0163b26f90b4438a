//! A web application that has users of its own, and gains a community.
//!
//! ```sh
//! cargo run --release --example axum_host
//! curl localhost:3000/c/team
//! curl -H 'authorization: Bearer day-shift' localhost:3000/c/team
//! ```
//!
//! What ties the two together stands between the markers: at most 60 lines, which a test counts.
//! The tokens stand for whatever the application does to sign people in.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::{StatusCode, request::Parts};
use axum::routing::get;
use axum::{Json, Router};
use community::{
    Attribute, Engine, Error, FeedQuery, FeedView, NewChannel, NewCommunity, NewMember, NewPost,
    Policy, PostId, Session, Slug, Sort, ThreadQuery, ThreadView, TopicId,
};

#[allow(dead_code, reason = "the test drives the router itself")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router(Arc::new(demo().await?))).await?)
}

/// Somebody whom the application knows: its own type, which the engine never sees.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) token: &'static str,
    pub(crate) number: u32,
    pub(crate) name: &'static str,
    pub(crate) department: &'static str,
}

/// The application.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) users: Vec<User>,
    pub(crate) engine: Engine,
}

// glue: begin

impl User {
    /// What the engine gets to know of a user.
    fn as_member(&self) -> Result<NewMember, Error> {
        let key = format!("staff:{}", self.number).parse()?;
        let department = Attribute::Text(self.department.to_owned());
        Ok(NewMember::new(key, self.name.parse()?).attribute("department".parse()?, department))
    }
}

/// Whoever sent a request, as a session.
struct Visitor(Session);

impl FromRequestParts<Arc<Host>> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, host: &Arc<Host>) -> Result<Self, Failure> {
        let Some(user) = host.signed_in(parts)? else { return Ok(Self(host.engine.anonymous())) };
        // Costs two reads when nothing has changed; what has changed counts from here on.
        let member = user.as_member().map_err(failed)?;
        let id = host.engine.as_system().sync_member(member).await.map_err(failed)?;
        Ok(Self(host.engine.member(id)))
    }
}

type Failure = (StatusCode, String);
type Answer<T> = Result<Json<T>, Failure>;

fn failed(error: impl Into<Error>) -> Failure {
    let error = error.into();
    let status = match &error {
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::Denied(_) => StatusCode::FORBIDDEN,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::Contended | Error::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    (status, error.to_string())
}

#[derive(serde::Deserialize)]
struct Page {
    sort: Option<Sort>,
    after: Option<String>,
}

async fn feed(
    Visitor(session): Visitor,
    Path(community): Path<Slug>,
    Query(Page { sort, after }): Query<Page>,
) -> Answer<FeedView> {
    let query = FeedQuery { sort, after, ..FeedQuery::community(community) };
    session.feed(&query).await.map(Json).map_err(failed)
}

async fn thread(Visitor(session): Visitor, Path(topic): Path<TopicId>) -> Answer<ThreadView> {
    session.record_view(topic).await.map_err(failed)?;
    session.thread(topic, &ThreadQuery::default()).await.map(Json).map_err(failed)
}

async fn reply(
    Visitor(session): Visitor,
    Path(topic): Path<TopicId>,
    body: String,
) -> Answer<PostId> {
    session.reply(NewPost::new(topic, body)).await.map(Json).map_err(failed)
}

pub(crate) fn router(host: Arc<Host>) -> Router {
    Router::new()
        .route("/c/{community}", get(feed))
        .route("/t/{topic}", get(thread).post(reply))
        .with_state(host)
}

// glue: end

impl Host {
    /// The user behind a request, if it carries a token.
    fn signed_in(&self, parts: &Parts) -> Result<Option<&User>, Failure> {
        let Some(header) = parts.headers.get("authorization") else { return Ok(None) };
        let token = header.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
        let user = self.users.iter().find(|user| Some(user.token) == token);
        let refused = || (StatusCode::UNAUTHORIZED, "who are you?".into());
        user.map(Some).ok_or_else(refused)
    }
}

/// A community that everybody in the care department reads and writes.
pub(crate) async fn demo() -> Result<Host, Box<dyn std::error::Error>> {
    let engine = community::in_memory();
    let host = engine.as_system();
    let team: Slug = "team".parse()?;
    let policy = Policy::intranet("department = care".parse()?);
    host.create_community(NewCommunity::new(team.clone(), "The team".parse()?, policy)).await?;
    host.create_channel(&team, NewChannel::new("ward".parse()?, "The ward".parse()?)).await?;
    let users = vec![
        User { token: "day-shift", number: 1, name: "Day shift", department: "care" },
        User { token: "kitchen", number: 2, name: "Kitchen", department: "kitchen" },
    ];
    Ok(Host { users, engine })
}
