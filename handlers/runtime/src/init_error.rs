//! Tells Lambda why the function could not start.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-initerror>

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

/// Long enough for an answer from the same machine.
const PATIENCE: Duration = Duration::from_secs(2);

/// Posts the error to the Runtime API at `api` (host and port). The connection is made by hand: the
/// client of `lambda_runtime` is not for others, and a second one would be a large thing for one
/// request.
pub(crate) fn report(api: &str, name: &str, message: &str) -> io::Result<()> {
    let body = json!({ "errorType": name, "errorMessage": message, "stackTrace": [] }).to_string();
    let mut stream = TcpStream::connect(api)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!(
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: {api}\r\nContent-Type: application/json\r\n\
         Lambda-Runtime-Function-Error-Type: {name}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    // Closed before its answer is read, the connection might take the request with it.
    io::copy(&mut stream.take(4096), &mut io::sink()).map(drop)
}
