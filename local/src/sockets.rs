//! The flow's own APIs on loopback sockets: WebSocket and HTTP.
//!
//! In: an API of the gateway, and anybody who connects. Out: the gateway's calls, and frames. Guaranteed:
//! frames, messages, and the time for a handshake are bounded; a connection that ends in whatever way is
//! told to the gateway once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::front::{Limits, admit, protocol, serve, written};
use crate::services::gateway::{Close, Connected, Gateway, Handshake, LARGEST, Messages, Served, ToClient};
use crate::wire::Response;

/// The largest frame ("API Gateway quotas").
const FRAME: usize = 32 << 10;

/// The largest request of an HTTP API ("API Gateway quotas").
const BODY: usize = 10 << 20;

/// How many of a client's messages are with functions at once; the next is not read until one is done.
const AT_ONCE: usize = 64;

/// How long a client has to answer the end of its connection.
const FAREWELL: Duration = Duration::from_secs(2);

/// A port that could not be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve the API `{api}` at {authority}: {why}")]
pub struct Taken {
    /// The API's name.
    pub api: String,
    /// `127.0.0.1:4567`.
    pub authority: String,
    /// What the system said.
    #[source]
    pub why: std::io::Error,
}

/// The APIs that are being served.
#[derive(Debug)]
pub struct Sockets {
    gateway: Rc<Gateway>,
    limits: Limits,
    serving: RefCell<BTreeMap<String, tokio::task::JoinHandle<()>>>,
}

impl Sockets {
    /// Serves nothing yet.
    pub fn new(gateway: Rc<Gateway>, limits: Limits) -> Self {
        Self { gateway, limits, serving: RefCell::default() }
    }

    /// Serves all APIs that there are now, and no others. Must be called within a
    /// [`tokio::task::LocalSet`].
    pub async fn renew(&self) -> Result<(), Taken> {
        let wanted = self.gateway.served();
        self.serving.borrow_mut().retain(|id, task| {
            let stays = wanted.iter().any(|served| served.id == *id);
            if !stays {
                task.abort();
            }
            stays
        });
        for served in wanted {
            if self.serving.borrow().contains_key(&served.id) {
                continue;
            }
            let taken = |why| Taken { api: served.name.clone(), authority: served.authority.clone(), why };
            let listener = TcpListener::bind(&served.authority).await.map_err(taken)?;
            let task = api(Rc::clone(&self.gateway), self.limits.clone(), served.clone(), listener);
            self.serving.borrow_mut().insert(served.id, tokio::task::spawn_local(task));
        }
        Ok(())
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        self.serving.borrow().values().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Serves one API until the task is dropped.
pub async fn api(gateway: Rc<Gateway>, limits: Limits, served: Served, listener: TcpListener) {
    if served.websocket {
        websocket(gateway, limits, served.id, listener).await;
        return;
    }
    let limits = Limits { body: BODY, ..limits };
    let id: Rc<str> = served.id.into();
    let answer = move |request| {
        let (gateway, id) = (Rc::clone(&gateway), Rc::clone(&id));
        async move { gateway.request(&id, request, "127.0.0.1").await }
    };
    serve(listener, limits, answer).await;
}

async fn websocket(gateway: Rc<Gateway>, limits: Limits, api: String, listener: TcpListener) {
    let Ok(address) = listener.local_addr() else { return };
    let door = Rc::new(Door { gateway, limits, api, address });
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, peer)) = accepted {
                connections.spawn_local(connection(Rc::clone(&door), stream, peer));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// What each connection of an API needs.
struct Door {
    gateway: Rc<Gateway>,
    limits: Limits,
    api: String,
    address: SocketAddr,
}

async fn connection(door: Rc<Door>, stream: TcpStream, peer: SocketAddr) {
    // A message must not wait for a client's acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let accepted = Rc::new(RefCell::new(None));
    let service = service_fn({
        let (door, accepted) = (Rc::clone(&door), Rc::clone(&accepted));
        move |request| {
            let (door, accepted) = (Rc::clone(&door), Rc::clone(&accepted));
            async move { Ok::<_, std::convert::Infallible>(handshake(&door, request, peer, &accepted).await) }
        }
    });
    let http = protocol(door.limits.patience).serve_connection(TokioIo::new(stream), service);
    let ended = http.with_upgrades().await;
    let Some((connected, upgrade)) = accepted.take() else { return };
    let id = connected.id.clone();
    let upgraded = match ended {
        Ok(()) => upgrade.await.ok(),
        Err(_) => None,
    };
    let close = match upgraded {
        Some(upgraded) => {
            let config = WebSocketConfig::default()
                .read_buffer_size(4 << 10)
                .max_frame_size(Some(FRAME))
                .max_message_size(Some(LARGEST));
            let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
            talk(&door.gateway, &id, connected.client, socket).await
        }
        None => broken(),
    };
    door.gateway.disconnected(&id, &close).await;
}

type Accepted = RefCell<Option<(Connected, OnUpgrade)>>;

/// Answers a client's first request.
async fn handshake(
    door: &Door,
    mut request: hyper::Request<Incoming>,
    peer: SocketAddr,
    accepted: &Accepted,
) -> hyper::Response<Full<Bytes>> {
    if let Err(refused) = admit(request.headers(), door.address, &door.limits.origins) {
        return written(refused.response());
    }
    let Some(key) = websocket_key(&request) else {
        let body = "{\"message\":\"this is a WebSocket API: connect with a WebSocket client\"}\n";
        return written(Response::new(426, "application/json", body).header("upgrade", "websocket"));
    };
    let asked = Handshake {
        stage: request.uri().path().trim_matches('/').to_owned(),
        headers: request.headers().clone(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        source_ip: peer.ip().to_string(),
    };
    let connected = match door.gateway.connect(&door.api, asked).await {
        Ok(connected) => connected,
        Err(refusal) => return written(Response::new(refusal.status, "application/json", refusal.body)),
    };
    let mut response = hyper::Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    for (name, value) in &connected.headers {
        // What HTTP cannot carry, and what is the handshake's own, is left out.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert("connection", HeaderValue::from_static("Upgrade"));
    headers.insert("upgrade", HeaderValue::from_static("websocket"));
    if let Ok(key) = HeaderValue::try_from(derive_accept_key(key.as_bytes())) {
        headers.insert("sec-websocket-accept", key);
    }
    *accepted.borrow_mut() = Some((connected, hyper::upgrade::on(&mut request)));
    response
}

/// The key of a request that asks for a WebSocket (RFC 6455, 4.2.1).
fn websocket_key(request: &hyper::Request<Incoming>) -> Option<HeaderValue> {
    let header = |name: &str| request.headers().get(name);
    let says = |name: &str, word: &str| {
        let value = header(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let asks = request.method() == http::Method::GET
        && says("upgrade", "websocket")
        && says("connection", "upgrade")
        && says("sec-websocket-version", "13");
    asks.then(|| header("sec-websocket-key").cloned())?
}

type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

/// Carries messages both ways until one side ends it. Out: how it ended, for `$disconnect`.
async fn talk(gateway: &Rc<Gateway>, id: &str, mut client: Messages, socket: Socket) -> Close {
    let (mut out, mut frames) = socket.split();
    let mut calls = JoinSet::new();
    loop {
        tokio::select! {
            to_client = client.recv() => match to_client {
                Some(ToClient::Text(text)) => {
                    if out.send(Message::text(text)).await.is_err() {
                        return broken();
                    }
                }
                Some(ToClient::Close(close)) => return farewell(out, frames, close).await,
                None => return broken(),
            },
            frame = frames.next(), if calls.len() < AT_ONCE => match frame {
                Some(Ok(Message::Text(text))) => {
                    let (gateway, id) = (Rc::clone(gateway), id.to_owned());
                    calls.spawn_local(async move { gateway.message(&id, text.to_string()).await });
                }
                Some(Ok(Message::Binary(_))) => {
                    return farewell(out, frames, Close::new(1003, "Binary frames are not supported")).await;
                }
                Some(Ok(Message::Close(frame))) => {
                    // The library answers the farewell when it is flushed.
                    let _ = out.flush().await;
                    return frame.map_or_else(
                        || Close::new(1005, ""),
                        |frame| Close::new(frame.code.into(), &frame.reason),
                    );
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                    gateway.alive(id);
                    let _ = out.flush().await;
                }
                Some(Err(Error::Capacity(_))) => {
                    return farewell(out, frames, Close::new(1009, "Message too long")).await;
                }
                Some(Err(Error::Utf8(_))) => {
                    return farewell(out, frames, Close::new(1007, "The text is no UTF-8")).await;
                }
                Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => return broken(),
                Some(Err(Error::Protocol(_))) => {
                    return farewell(out, frames, Close::new(1002, "Protocol error")).await;
                }
                Some(Err(_)) | None => return broken(),
            },
            Some(_) = calls.join_next() => {}
        }
    }
}

/// Ends the connection from this side.
async fn farewell(
    mut out: futures_util::stream::SplitSink<Socket, Message>,
    mut frames: futures_util::stream::SplitStream<Socket>,
    close: Close,
) -> Close {
    let frame = CloseFrame { code: CloseCode::from(close.code), reason: close.reason.clone().into() };
    let ended = async {
        if out.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(frame)) = frames.next().await {
                if frame.is_close() {
                    break;
                }
            }
        }
    };
    // A client that does not answer is left.
    let _ = tokio::time::timeout(FAREWELL, ended).await;
    close
}

/// A connection that broke off without a farewell.
fn broken() -> Close {
    Close::new(1006, "Connection closed abnormally")
}
