//! What anybody on this machine may send to a listening port.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use local::front::{Limits, serve};
use local::wire::Response;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

/// A server that takes bodies of 1000 bytes and 100 ms, and how many requests came through.
struct Test {
    authority: String,
    answered: Rc<Cell<u32>>,
}

fn run<F: Future<Output = ()>>(test: impl FnOnce(Test) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let answered: Rc<Cell<u32>> = Rc::default();
        let counted = Rc::clone(&answered);
        let limits = Limits { body: 1000, patience: Duration::from_millis(100), ..Limits::default() };
        tokio::task::spawn_local(serve(listener, limits, move |_| {
            counted.set(counted.get() + 1);
            async { Response::new(200, "text/plain", "hello") }
        }));
        test(Test { authority, answered }).await;
    });
}

impl Test {
    /// Says something, and hears until the server hangs up.
    async fn say(&self, text: &str) -> String {
        let mut stream = TcpStream::connect(&self.authority).await.unwrap();
        // The server may hang up before all is said.
        let _ = stream.write_all(text.as_bytes()).await;
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard).await;
        String::from_utf8_lossy(&heard).into_owned()
    }

    async fn post(&self, headers: &str, body: &str) -> String {
        self.say(&format!("POST / HTTP/1.1\r\nhost: {}\r\n{headers}connection: close\r\n\r\n{body}", self.authority))
            .await
    }
}

#[test]
fn a_body_that_is_too_large_is_not_read() {
    run(|test| async move {
        let fits = test.post("content-length: 1000\r\n", &"x".repeat(1000)).await;
        assert!(fits.starts_with("HTTP/1.1 200 OK\r\n"), "{fits}");
        let large = test.post("content-length: 1001\r\n", &"x".repeat(1001)).await;
        assert!(large.starts_with("HTTP/1.1 413 "), "{large}");
        // One that does not say how large it is.
        let chunks = format!("{}0\r\n\r\n", format!("64\r\n{}\r\n", "x".repeat(100)).repeat(11));
        let chunked = test.post("transfer-encoding: chunked\r\n", &chunks).await;
        assert!(chunked.starts_with("HTTP/1.1 413 "), "{chunked}");
        assert_eq!(test.answered.get(), 1);
    });
}

#[test]
fn a_body_that_takes_too_long_or_breaks_off_is_refused() {
    run(|test| async move {
        let slow = test.post("content-length: 10\r\n", "x").await;
        assert!(slow.starts_with("HTTP/1.1 408 "), "{slow}");
        let broken = test.post("transfer-encoding: chunked\r\n", "zz\r\n").await;
        assert!(broken.starts_with("HTTP/1.1 400 "), "{broken}");
        assert_eq!(test.answered.get(), 0);
    });
}

#[test]
fn headers_have_bounds() {
    run(|test| async move {
        let long = test.post(&format!("x-long: {}\r\n", "x".repeat(300 << 10)), "").await;
        assert!(long.is_empty() || long.starts_with("HTTP/1.1 431 "), "{long}");
        let many = test.post(&"x-many: 1\r\n".repeat(200), "").await;
        assert!(many.is_empty() || many.starts_with("HTTP/1.1 431 "), "{many}");
        assert_eq!(test.answered.get(), 0);
    });
}

#[test]
fn requests_that_two_servers_could_read_differently_are_refused() {
    run(|test| async move {
        for headers in [
            "content-length: 1\r\ncontent-length: 2\r\n",
            "content-length: -1\r\n",
            "transfer-encoding: identity, gzip\r\ncontent-length: 1\r\n",
            "x-folded: a\r\n b\r\n",
            "x bad: a\r\n",
        ] {
            let heard = test.post(headers, "x").await;
            assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 400 "), "{headers}: {heard}");
        }
        assert_eq!(test.answered.get(), 0);
    });
}

#[test]
fn a_page_elsewhere_may_neither_ask_nor_read() {
    run(|test| async move {
        let rebound = test.say("GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n").await;
        assert!(rebound.starts_with("HTTP/1.1 403 "), "{rebound}");
        let nameless = test.say("GET / HTTP/1.0\r\n\r\n").await;
        assert!(nameless.starts_with("HTTP/1.0 403 "), "{nameless}");
        let asked = test.post("origin: https://evil.example\r\n", "").await;
        assert!(asked.starts_with("HTTP/1.1 403 "), "{asked}");
        assert_eq!(test.answered.get(), 0);
        let preflight = format!(
            "OPTIONS / HTTP/1.1\r\nhost: {}\r\norigin: null\r\naccess-control-request-method: POST\r\n\
             connection: close\r\n\r\n",
            test.authority
        );
        for heard in [test.say(&preflight).await, test.post("", "").await] {
            assert!(!heard.to_lowercase().contains("access-control-allow"), "{heard}");
        }
    });
}

#[test]
fn many_that_say_nothing_hold_nobody_up() {
    run(|test| async move {
        let mut silent = Vec::new();
        for _ in 0..200 {
            silent.push(TcpStream::connect(&test.authority).await.unwrap());
        }
        assert!(test.post("", "").await.starts_with("HTTP/1.1 200 OK\r\n"));
        for mut stream in silent {
            assert_eq!(stream.read(&mut [0; 8]).await.unwrap_or(0), 0, "they are left after a while");
        }
    });
}
