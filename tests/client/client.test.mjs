// The generated client against a server that does what networks and servers do: drops, duplicates, reorders, leaves
// gaps, forgets to answer. Run by `cargo xtask test`, which compiles `generated/client.ts` first:
// `CLIENT=path/to/client.js node --test tests/client/`.

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { test } from "node:test";

const { Client, Refused } = await import(pathToFileURL(process.env.CLIENT));

/** Waits for a condition, with a bound. */
async function until(what, bound = 5_000) {
  const end = Date.now() + bound;
  while (!what()) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((go) => setTimeout(go, 1));
  }
}

/** A server with one conversation, whose every answer a test can change. */
class Server {
  sockets = [];
  asked = [];
  log = [];
  seen = 0;
  tokens = 0;
  /** Whether a socket opens. */
  opens = () => true;
  /** What becomes of a message: true where it is dealt with. */
  meets = () => false;

  socket = (url, protocols) => {
    const socket = {
      readyState: 0, protocols, onopen: null, onmessage: null, onclose: null, onerror: null,
      send: (text) => queueMicrotask(() => socket.readyState === 1 && this.hears(socket, JSON.parse(text))),
      close: () => this.ends(socket),
    };
    this.sockets.push(socket);
    setTimeout(() => {
      if (!this.opens(this.sockets.length)) return this.ends(socket);
      socket.readyState = 1;
      socket.onopen?.();
    }, 0);
    return socket;
  };

  ends(socket) {
    if (socket.readyState === 3) return;
    socket.readyState = 3;
    setTimeout(() => socket.onclose?.(), 0);
  }

  say(frame, socket = this.sockets.at(-1)) {
    if (socket.readyState === 1) socket.onmessage?.({ data: JSON.stringify(frame) });
  }

  entry(sequence) {
    return {
      specversion: "1.0", id: `e${sequence}`, type: "MessageSent", conversation: "group:g1", sequence,
      data: { text: `${sequence}` },
    };
  }

  hears(socket, message) {
    this.asked.push(message);
    if (this.meets(message, socket)) return;
    const answer = (more) => this.say({ re: message.ref ?? message.id, ok: true, ...more }, socket);
    const last = this.log.length;
    switch (message.action) {
      case "resume":
        return answer({
          user: "agshin", now: new Date().toISOString(), expires: Math.floor(Date.now() / 1000) + 3600,
          conversations: [{ conversation: "group:g1", last, seen: this.seen }],
        });
      case "fetch": {
        const upto = Math.min(message.upto ?? last, message.after + 3, last);
        const items = this.log.filter((e) => e.sequence > message.after && e.sequence <= upto);
        return answer({ conversation: "group:g1", items, upto, last });
      }
      case "seen":
        return answer({ conversation: message.conversation, sequence: message.sequence });
      case "send":
        return answer({ id: `ce-${message.id}`, time: "2026-01-01T00:00:00.000Z", sequence: 1 });
    }
  }

  client(options = {}) {
    const got = [];
    const client = new Client({
      url: "wss://everi.example/dev", token: () => `t${++this.tokens}`, socket: this.socket,
      receive: (message) => got.push(message.sequence ?? message.id),
      patience: 100, longest: 5, gap: 10, ...options,
    });
    return { client, got };
  }
}

test("the token goes into the subprotocols and never into the address", async () => {
  const server = new Server();
  const { client } = server.client();
  await until(() => server.asked.length === 1);
  assert.deepEqual(server.sockets[0].protocols, ["eventloom.v1", "jwt.t1"]);
  client.close();
});

test("messages are handed over once and in order, whatever the order in which they come", async () => {
  const server = new Server();
  const { client, got } = server.client();
  await until(() => server.asked.length === 1);
  server.log = [1, 2, 3, 4].map((n) => server.entry(n));
  for (const n of [2, 1, 1, 4, 3, 2, 4]) server.say(server.entry(n));
  await until(() => got.length >= 4);
  assert.deepEqual(got, [1, 2, 3, 4]);
  client.close();
});

test("a gap is fetched, page by page", async () => {
  const server = new Server();
  const { client, got } = server.client();
  await until(() => server.asked.length === 1);
  server.log = Array.from({ length: 9 }, (_, n) => server.entry(n + 1));
  server.say(server.entry(9));
  await until(() => got.length === 9);
  assert.deepEqual(got, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.ok(server.asked.filter((m) => m.action === "fetch").length >= 3);
  client.close();
});

test("what was replaced in the log is passed over and nothing waits for it", async () => {
  const server = new Server();
  const { client, got } = server.client();
  await until(() => server.asked.length === 1);
  server.log = [2, 5].map((n) => server.entry(n));
  server.meets = (message) => {
    if (message.action !== "fetch") return false;
    server.say({ re: message.ref, ok: true, items: server.log, upto: 5, last: 5 });
    return true;
  };
  server.say(server.entry(5));
  server.say(server.entry(6));
  await until(() => got.length === 3);
  assert.deepEqual(got, [2, 5, 6]);
  client.close();
});

test("who was away begins where an earlier client ended, or else where the user has seen", async () => {
  const server = new Server();
  server.log = [1, 2, 3, 4, 5].map((n) => server.entry(n));
  server.seen = 2;
  const first = server.client();
  await until(() => first.got.length === 3);
  assert.deepEqual(first.got, [3, 4, 5]);
  assert.deepEqual(first.client.cursors(), { "group:g1": 5 });
  first.client.close();
  const second = server.client({ cursors: { "group:g1": 4 } });
  await until(() => second.got.length === 1);
  assert.deepEqual(second.got, [5]);
  second.client.close();
});

test("what comes before the connection is resumed is not taken for the beginning", async () => {
  const server = new Server();
  server.log = [1, 2, 3].map((n) => server.entry(n));
  server.meets = (message, socket) => {
    if (message.action === "resume") server.say(server.entry(3), socket);
    return false;
  };
  const { client, got } = server.client();
  await until(() => got.length === 3);
  assert.deepEqual(got, [1, 2, 3]);
  client.close();
});

test("a message is sent until it is answered, over any number of connections", async () => {
  const server = new Server();
  let sent = 0;
  server.meets = (message, socket) => {
    if (message.action !== "send") return false;
    sent += 1;
    if (sent === 1) server.ends(socket); // lost with its connection
    if (sent === 2) server.say({ message: "Internal server error", connectionId: "c", requestId: "r" }, socket);
    return sent < 4; // the third is never answered
  };
  const { client } = server.client();
  const answer = await client.send({ action: "send", id: "01K0", group: "g1", text: "Salam" });
  assert.equal(answer.id, "ce-01K0");
  assert.equal(sent, 4);
  assert.ok(server.asked.filter((m) => m.action === "send").every((m) => m.id === "01K0"));
  client.close();
});

test("one's own message is no gap, and is not handed over", async () => {
  const server = new Server();
  server.meets = (message) => {
    if (message.action !== "send") return false;
    server.log = [1, 2].map((n) => server.entry(n));
    server.say({ re: message.id, ok: true, id: "e1", time: "", conversation: "group:g1", sequence: 1 });
    server.say(server.entry(2));
    return true;
  };
  const { client, got } = server.client({ gap: 60_000 });
  await until(() => server.asked.length === 1);
  await client.send({ action: "send", id: "1", group: "g1", text: "x" });
  await until(() => got.length === 1);
  assert.deepEqual([got, client.cursors()], [[2], { "group:g1": 2 }]);
  client.close();
});

test("a refusal is told with its code and not repeated", async () => {
  const server = new Server();
  server.meets = (message) => {
    if (message.action !== "send") return false;
    server.say({ re: message.id, ok: false, error: { code: "forbidden", message: "not yours" } });
    return true;
  };
  const { client } = server.client();
  await assert.rejects(client.send({ action: "send", id: "1", group: "g2", text: "x" }), (error) => {
    return error instanceof Refused && error.code === "forbidden";
  });
  assert.equal(server.asked.filter((m) => m.action === "send").length, 1);
  client.close();
});

test("an expired token is answered with a fresh one, and what was being sent goes on", async () => {
  const server = new Server();
  let refused = false;
  server.meets = (message, socket) => {
    if (message.action !== "send" || refused) return false;
    refused = true;
    server.say({ re: message.id, ok: false, error: { code: "unauthorized", message: "" } }, socket);
    return true;
  };
  const { client } = server.client();
  await client.send({ action: "send", id: "1", group: "g1", text: "x" });
  assert.deepEqual(server.sockets.map((s) => s.protocols[1]), ["jwt.t1", "jwt.t2"]);
  client.close();
});

test("a connection that is refused, never answers its resume, or has no token is tried again", async () => {
  const server = new Server();
  let tokens = 0;
  let resumes = 0;
  server.opens = (nth) => nth > 2;
  server.meets = (message) => message.action === "resume" && ++resumes === 1;
  const { client } = server.client({ token: () => (++tokens === 1 ? Promise.reject(new Error("offline")) : "t") });
  await until(() => resumes === 2);
  assert.ok(server.sockets.length === 4 && tokens === 5);
  client.close();
});

test("an old revision of a thread is not handed over, nor a withdrawn one", async () => {
  const server = new Server();
  const got = [];
  const gone = [];
  const notice = (sequence, revision) => ({
    specversion: "1.0", id: `n-${revision}`, type: "Notice", conversation: "inbox", sequence,
    data: { thread: "t", revision },
  });
  const { client } = server.client({
    receive: (m) => got.push(m.data.revision), withdraw: (m) => gone.push(m.withdrawn.revision),
  });
  await until(() => server.asked.length === 1);
  server.say(notice(1, 2));
  server.say(notice(2, 1));
  server.say({ withdrawn: { type: "Notice", thread: "t", revision: 3 }, conversation: "inbox", sequence: 3 });
  server.say(notice(4, 2));
  await until(() => client.cursors().inbox === 4);
  assert.deepEqual([got, gone], [[2], [3]]);
  client.close();
});

test("a message that could not be taken comes again with the next connection", async () => {
  const server = new Server();
  let broken = true;
  const got = [];
  const { client } = server.client({
    receive: (message) => {
      if (broken) throw new Error("the page is not ready");
      got.push(message.sequence);
    },
  });
  await until(() => server.asked.length === 1);
  server.log = [server.entry(1)];
  server.say(server.entry(1));
  broken = false;
  server.ends(server.sockets.at(-1));
  await until(() => got.length === 1);
  client.close();
});

test("a silent connection gives a sign of life and finds what it missed", async () => {
  const server = new Server();
  const { client, got } = server.client({ heartbeat: 10 });
  await until(() => server.asked.length === 1);
  server.log = [1, 2].map((n) => server.entry(n));
  await until(() => got.length === 2);
  assert.equal(server.sockets.length, 1);
  client.close();
});

test("nonsense is passed over", async () => {
  const server = new Server();
  const { client, got } = server.client();
  await until(() => server.asked.length === 1);
  for (const frame of [null, 7, [], {}, { re: null }, { re: "unknown", ok: true }, { specversion: "1.0", id: "x" }]) {
    server.say(frame);
  }
  server.sockets[0].onmessage({ data: "not json" });
  server.log = [server.entry(1)];
  server.say(server.entry(1));
  await until(() => got.includes(1));
  assert.equal(server.sockets.length, 1);
  client.close();
});
