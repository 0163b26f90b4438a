//! The host answers over a real connection, and its glue stays short.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

#[path = "../axum_host.rs"]
mod axum_host;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use community::{NewTopic, TopicId};
use serde_json::Value;

/// The host on a port of its own, and a topic in it.
fn serve() -> (SocketAddr, TopicId) {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let host = axum_host::demo().await.unwrap();
            let topic = start_topic(&host).await;
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send((listener.local_addr().unwrap(), topic)).unwrap();
            axum::serve(listener, axum_host::router(Arc::new(host))).await.unwrap();
        });
    });
    told.recv().unwrap()
}

async fn start_topic(host: &axum_host::Host) -> TopicId {
    let new = community::NewMember::new("staff:3".parse().unwrap(), "Night".parse().unwrap());
    let care = community::Attribute::Text("care".into());
    let new = new.attribute("department".parse().unwrap(), care);
    let author = host.engine.as_system().sync_member(new).await.unwrap();
    let [team, ward, kind] = ["team", "ward", "question"].map(|text| text.parse().unwrap());
    let topic = NewTopic::new(team, ward, kind, "Who has the keys?", "The cupboard is locked.");
    host.engine.member(author).start_topic(topic).await.unwrap()
}

/// Status and body of an answer.
fn ask(to: SocketAddr, request: &str, token: Option<&str>, body: &str) -> (u16, String) {
    let authorization = token.map(|token| format!("authorization: Bearer {token}\r\n"));
    let mut connection = TcpStream::connect(to).unwrap();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n{}\r\n",
        body.len(),
        authorization.unwrap_or_default(),
    );
    connection.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[test]
fn each_user_of_the_host_gets_what_the_policy_says() {
    let (host, topic) = serve();
    let (feed, thread) = ("GET /c/team", format!("GET /t/{topic}"));

    let (status, body) = ask(host, feed, Some("day-shift"), "");
    assert_eq!(status, 200, "{body}");
    let feed_page: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(feed_page["items"][0]["topic"]["title"], "Who has the keys?");

    let (status, body) = ask(host, &format!("POST /t/{topic}"), Some("day-shift"), "I have.");
    assert_eq!(status, 200, "{body}");
    let (_, body) = ask(host, &thread, Some("day-shift"), "");
    let thread_page: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(thread_page["items"].as_array().unwrap().len(), 2);

    // For everybody else the community is not there, nor anything in it.
    for token in [Some("kitchen"), None] {
        assert_eq!(ask(host, feed, token, ""), (404, "there is no such community".into()));
        assert_eq!(ask(host, &thread, token, ""), (404, "there is no such topic".into()));
    }
    assert_eq!(ask(host, feed, Some("nobody"), "").0, 401);
    assert_eq!(ask(host, "GET /c/team?after=junk", Some("day-shift"), "").0, 400);
}

#[test]
fn the_glue_has_at_most_sixty_lines() {
    let source = include_str!("../axum_host.rs");
    let (_, rest) = source.split_once("// glue: begin").unwrap();
    let (glue, _) = rest.split_once("// glue: end").unwrap();
    let lines = glue.lines().map(str::trim);
    let count = lines.filter(|line| !line.is_empty() && !line.starts_with("//")).count();
    assert!((20..=60).contains(&count), "{count} lines of glue");
}
