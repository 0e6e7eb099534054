"use strict";

// Lists what the desk has received. Text from a case is only ever set as text.

const WORDS = {
  "zh-CN": {
    title: "案件台",
    subtitle: "收到的案件，最新的在最前",
    empty: "还没有收到案件。",
    live: "实时更新",
    lost: "连接中断，正在重试",
    other: "English",
    received: "收到",
    number: "受理编号",
    code: "代码",
    picture: "现场图片",
    noPicture: "无图片",
    update: "更新",
    cases: (n) => `${n} 件`,
    more: (n) => `仅显示最新的 ${n} 件`,
  },
  en: {
    title: "Case desk",
    subtitle: "Cases received, newest first",
    empty: "No case has arrived yet.",
    live: "live",
    lost: "connection lost, trying again",
    other: "中文",
    received: "received",
    number: "Request",
    code: "Code",
    picture: "picture of the case",
    noPicture: "no picture",
    update: "Update",
    cases: (n) => (n === 1 ? "1 case" : `${n} cases`),
    more: (n) => `only the newest ${n} are shown`,
  },
};

const LIST = "/open311/v2/requests.json";
const REFRESH_MS = 2000;
const SHOWN = 200;
const LABEL = /^([^:：]{1,40})(?:：|: )(.+)$/u;

const place = (id) => document.getElementById(id);
const shown = new Map(); // request id -> element
let language = firstLanguage();
let latest = [];

function firstLanguage() {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked in WORDS) return asked;
  let kept = null;
  try {
    kept = localStorage.getItem("language");
  } catch {
    // storage may be switched off
  }
  if (kept in WORDS) return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined && text !== null) made.textContent = String(text);
  return made;
}

function localTime(text) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return String(text);
  const two = (n) => String(n).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

// Only files of this desk are shown; an address from a text never becomes a link.
function ownPath(item) {
  return /^\/media\/[0-9]+\/[0-9]+\.[a-z0-9]+$/.test(item.path) ? item.path : null;
}

function film(media) {
  const strip = element("div", "film");
  for (const item of media || []) {
    const path = ownPath(item);
    if (!path) continue;
    if (item.content_type.startsWith("video/")) {
      const video = element("video");
      video.controls = true;
      video.preload = "metadata";
      video.src = path;
      strip.append(video);
    } else {
      const button = element("button", "still");
      button.type = "button";
      const image = element("img");
      image.alt = WORDS[language].picture;
      image.loading = "lazy";
      image.src = path;
      button.append(image);
      button.addEventListener("click", () => enlarge(path));
      strip.append(button);
    }
  }
  return strip;
}

// What was said later: a clip, that the place is clear, a second look.
function update(said) {
  const made = element("section", "update");
  const time = element("time", "", localTime(said.updated_datetime));
  time.dateTime = said.updated_datetime;
  const head = element("p", "when");
  head.append(`${WORDS[language].update} `, time);
  made.append(head);
  for (const line of String(said.description || "").split("\n")) {
    if (line.trim()) made.append(element("p", "note", line));
  }
  const strip = film(said.media);
  if (strip.childElementCount) made.append(strip);
  return made;
}

function enlarge(path) {
  const viewer = place("viewer");
  viewer.querySelector("img").src = path;
  viewer.showModal();
}

function lines(request) {
  const all = String(request.description || "").split("\n").filter((line) => line.trim());
  const table = element("dl", "lines");
  const notes = [];
  for (const line of all.slice(1)) {
    const parts = LABEL.exec(line);
    if (parts) {
      const value = element("dd", /^[0-9a-f]{32,}$/.test(parts[2]) ? "hash" : "", parts[2]);
      table.append(element("dt", "", parts[1]), value);
    } else {
      notes.push(element("p", "note", line));
    }
  }
  return { title: all[0] || "", parts: table.childElementCount ? [table, ...notes] : notes };
}

function card(request) {
  const words = WORDS[language];
  const name = language === "en" ? request.service_name_en : request.service_name;
  const made = element("li", "case");
  const text = lines(request);
  const body = element("div", "body");
  const head = element("div", "head");
  head.append(element("h2", "", name), element("span", "code", request.service_code));
  const where = request.address || [request.lat, request.long].filter((n) => n !== null).join(", ");
  const time = element("time", "", localTime(request.requested_datetime));
  time.dateTime = request.requested_datetime;
  const when = element("p", "when");
  when.append(time, ` ${words.received}`);
  body.append(head, element("p", "where", where), when);
  if (text.title && !text.title.includes(where)) body.append(element("p", "note", text.title));
  body.append(...text.parts);
  body.append(element("p", "number", `${words.number} ${request.service_request_id}`));
  for (const said of request.updates || []) body.append(update(said));
  const strip = film(request.media);
  if (strip.childElementCount === 0) strip.append(element("p", "nothing", words.noPicture));
  made.append(strip, body);
  return made;
}

function render() {
  const words = WORDS[language];
  const list = place("cases");
  const wanted = latest.slice(0, SHOWN);
  const ids = new Set(wanted.map((request) => request.service_request_id));
  for (const [id, old] of shown) {
    if (!ids.has(id)) {
      old.remove();
      shown.delete(id);
    }
  }
  let after = null;
  for (const request of wanted) {
    const id = request.service_request_id;
    const said = String((request.updates || []).length);
    if (shown.has(id) && shown.get(id).dataset.updates !== said) {
      const made = card(request);
      made.dataset.updates = said;
      shown.get(id).replaceWith(made);
      shown.set(id, made);
    }
    if (!shown.has(id)) {
      const made = card(request);
      made.dataset.updates = said;
      shown.set(id, made);
      if (after) after.after(made);
      else list.prepend(made);
    }
    after = shown.get(id);
  }
  place("empty").hidden = wanted.length > 0;
  place("empty").textContent = words.empty;
  const more = latest.length > SHOWN ? ` · ${words.more(SHOWN)}` : "";
  place("count").textContent = words.cases(latest.length) + more;
}

function say(live) {
  const state = place("state");
  state.classList.toggle("lost", !live);
  state.textContent = live ? WORDS[language].live : WORDS[language].lost;
}

function speak() {
  const words = WORDS[language];
  document.documentElement.lang = language;
  document.title = words.title;
  for (const named of document.querySelectorAll("[data-text]")) {
    named.textContent = words[named.dataset.text];
  }
  place("language").textContent = words.other;
  place("cases").replaceChildren();
  shown.clear();
  render();
}

async function refresh() {
  try {
    const answer = await fetch(LIST, { cache: "no-cache", signal: AbortSignal.timeout(10000) });
    if (!answer.ok) throw new Error(String(answer.status));
    latest = await answer.json();
    render();
    say(true);
  } catch {
    say(false);
  }
  setTimeout(refresh, REFRESH_MS);
}

document.addEventListener("DOMContentLoaded", () => {
  place("language").addEventListener("click", () => {
    language = language === "en" ? "zh-CN" : "en";
    try {
      localStorage.setItem("language", language);
    } catch {
      // storage may be switched off
    }
    speak();
    say(!place("state").classList.contains("lost"));
  });
  place("viewer").addEventListener("click", () => place("viewer").close());
  speak();
  refresh();
});
