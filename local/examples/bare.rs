//! The engine without a flow, for clients in any language: `cargo run -p local --example bare`.
//!
//! Out: one line of JSON that says where it is and with which keys to sign, then AWS's APIs on a free port. In: nothing;
//! it ends with its standard input or by SIGTERM. Nothing is kept. Beside AWS's APIs there are the engine's controls
//! (`/_eventloom/clock` with the token), and a WebSocket API without routes, whose connections `@connections` knows.

use std::error::Error;
use std::io::Write;
use std::rc::Rc;

use local::engine::{Engine, Settings};
use local::front::{Limits, serve};
use local::kernel::{Caller, Clock, Place, Random, Store, World};
use local::server::Server;
use local::sockets::Sockets;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tasks = LocalSet::new();
    let ended = tasks.block_on(&runtime, run());
    // Tasks end before the runtime that they wait on.
    drop(tasks);
    ended
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut terminated = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let place = Place { endpoint: format!("http://{}", listener.local_addr()?).into(), ..Place::default() };
    let world = World::new(Clock::system(), Random::seeded(1), Store::memory(), place);
    let first_port = TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?.port();
    let engine = Engine::start_with(world, Settings { first_port: Some(first_port), ..Settings::default() })?;

    let token = engine.world().random.hex(32);
    let server = Server::new(engine.clone(), &token);
    server.ready(Vec::new());
    spawn_local(serve(listener, Limits::default(), move |request| {
        let server = server.clone();
        async move { server.answer(request).await }
    }));
    let websocket = websocket(&engine).await?;
    let sockets = Sockets::new(Rc::clone(engine.gateway()), Limits::default());
    sockets.renew().await?;

    let keys = engine.credentials(Caller::Account);
    let place = &engine.world().place;
    let said = json!({
        "endpoint": &*place.endpoint, "region": &*place.region, "account": &*place.account,
        "access_key": keys.access_key, "secret_key": keys.secret_key, "token": token, "websocket": websocket,
        "role": role(&engine).await?,
    });
    writeln!(std::io::stdout(), "{said}")?;
    tokio::select! {
        _ = stdin() => {}
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(())
}

/// A role that functions take on and that may do everything.
async fn role(engine: &Engine) -> Result<Value, Box<dyn Error>> {
    let ask = async |operation: &str, input: Value| {
        engine.world().bus.request(Caller::Account, "iam", operation, input).await
    };
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ]});
    let all = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let role = json!({"RoleName": "function", "AssumeRolePolicyDocument": trust.to_string()});
    let made = ask("CreateRole", role).await?;
    let policy = json!({"RoleName": "function", "PolicyName": "all", "PolicyDocument": all.to_string()});
    ask("PutRolePolicy", policy).await?;
    Ok(made.pointer("/Role/Arn").cloned().unwrap_or_default())
}

/// A WebSocket API; CloudFormation alone makes APIs, by these operations.
async fn websocket(engine: &Engine) -> Result<String, Box<dyn Error>> {
    let ask = async |operation: &str, input: Value| {
        engine.world().bus.request(Caller::Account, "apigatewayv2", operation, input).await
    };
    let api = json!({"Name": "live", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"});
    let id = ask("CreateApi", api).await?.get("ApiId").cloned();
    ask("CreateStage", json!({"ApiId": id, "StageName": "dev", "AutoDeploy": true})).await?;
    let served = engine.gateway().served();
    let api = served.first().ok_or("the gateway serves no API")?;
    Ok(format!("ws://{}/dev", api.authority))
}

/// Waits for the end of the standard input, which comes with the end of whoever started this.
fn stdin() -> oneshot::Receiver<()> {
    let (ended, end) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = ended.send(());
    });
    end
}
