// report.mjs PAGE...: what a reader does with the page of `gclab report`, in Chromium.
//   PAGE...   HTML files; the first is tested in depth, the rest are opened and looked over
//   GCLAB_SHOTS=DIR   keeps screenshots there
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const pages = process.argv.slice(2);
const shots = process.env.GCLAB_SHOTS;
const options = {
  executablePath: process.env.GCLAB_CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
};

/* Opens the file in a context of its own; complains of anything that the console says or the page asks for. */
async function open(browser, file, settings = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...settings });
  const page = await context.newPage();
  const said = [], asked = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  return { page, context, said, asked };
}

async function done(name, opened, file) {
  assert.deepEqual(opened.said, [], name + ": the console is silent");
  const others = opened.asked.filter((url) => url !== pathToFileURL(file).href && !url.startsWith("data:"));
  assert.deepEqual(others, [], name + ": nothing leaves the file");
  await opened.context.close();
  console.log("ok  " + name);
}

const luminance = (rgb) => {
  const [r, g, b] = rgb.map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
};

/* Every text's colour against the nearest background that is painted; figures are pictures and left out. */
async function checkContrast(page, name) {
  const found = await page.evaluate(() => {
    const parse = (colour) => colour.match(/[\d.]+/g).map(Number);
    const list = [];
    for (const element of document.querySelectorAll("h1,h2,p,a,th,td,li,dt,dd,summary,figcaption,code,button,caption,span")) {
      if (!element.textContent.trim() || element.closest("svg") || !element.checkVisibility()) continue;
      let behind = element, background = null;
      while (behind && !background) {
        const colour = parse(getComputedStyle(behind).backgroundColor);
        if (colour.length === 3 || colour[3] > 0) background = colour.slice(0, 3);
        behind = behind.parentElement;
      }
      list.push({ text: element.tagName + ": " + element.textContent.trim().slice(0, 40),
        colour: parse(getComputedStyle(element).color).slice(0, 3), background: background ?? [255, 255, 255] });
    }
    return list;
  });
  assert.ok(found.length > 50, name + ": texts were found");
  for (const { text, colour, background } of found)
    assert.ok(contrast(colour, background) >= 4.5, `${name}: contrast of ${text}: ${contrast(colour, background).toFixed(2)}`);
}

async function structure(page) {
  const problems = await page.evaluate(() => {
    const problems = [], seen = new Set();
    for (const element of document.querySelectorAll("[id]")) {
      if (seen.has(element.id)) problems.push("the id " + element.id + " is there twice");
      seen.add(element.id);
    }
    for (const use of document.querySelectorAll("use")) {
      const target = use.getAttribute("xlink:href") ?? use.getAttribute("href");
      if (!document.getElementById(target.slice(1))) problems.push("nothing is called " + target);
    }
    let level = 0;
    for (const heading of document.querySelectorAll("h1,h2,h3,h4")) {
      const now = Number(heading.tagName[1]);
      if (now > level + 1) problems.push("a heading of level " + now + " behind one of " + level);
      level = now;
    }
    if (document.querySelectorAll("h1").length !== 1) problems.push("not one h1");
    for (const svg of document.querySelectorAll(".plot svg"))
      if (!svg.getAttribute("aria-label")) problems.push("a figure without a name");
    for (const link of document.querySelectorAll('a[href^="#"]'))
      if (!document.getElementById(link.getAttribute("href").slice(1))) problems.push("a link to nothing: " + link.href);
    return problems;
  });
  assert.deepEqual(problems, []);
}

async function sorting(page) {
  const column = (number) => page.$$eval("#cell-table tbody tr:not([hidden])", (rows, number) =>
    rows.map((row) => row.cells[number].dataset.value ?? row.cells[number].textContent), number);
  const heads = await page.$$eval("#cell-table thead th", (all) => all.map((head) => head.textContent));
  const wall = heads.indexOf("wall time");
  const button = page.locator("#cell-table thead button", { hasText: "wall time" });
  await button.click();
  let values = (await column(wall)).filter((value) => value !== "–").map(Number);
  assert.deepEqual(values, [...values].sort((a, b) => a - b), "rising");
  assert.ok(values.length > 3);
  await button.focus();
  await page.keyboard.press("Enter");
  values = (await column(wall)).filter((value) => value !== "–").map(Number);
  assert.deepEqual(values, [...values].sort((a, b) => b - a), "falling, by the keyboard");
  assert.equal(await button.locator("..").getAttribute("aria-sort"), "descending");
  await page.locator("#cell-table thead button", { hasText: "collector" }).click();
  assert.equal(await page.locator("#cell-table th[aria-sort]").count(), 1);
}

async function filtering(page) {
  const all = await page.locator("#cell-table tbody tr").count();
  const name = await page.locator("#cell-table tbody tr td").first().textContent();
  await page.fill("#filter", name);
  const shown = await page.locator("#cell-table tbody tr:visible").count();
  assert.ok(shown > 0 && shown < all, `${shown} of ${all} shown`);
  assert.equal(await page.textContent("#filtered"), `${shown} of ${all} cells`);
  await page.fill("#filter", "no such thing");
  assert.equal(await page.locator("#cell-table tbody tr:visible").count(), 0);
  await page.fill("#filter", "");
  assert.equal(await page.locator("#cell-table tbody tr:visible").count(), all);
}

async function values(page) {
  const plot = page.locator(".plot").first();
  await plot.scrollIntoViewIfNeeded();
  const place = await plot.evaluate((box) => {
    const data = JSON.parse(document.getElementById("points-" + box.dataset.figure).textContent);
    const frame = box.querySelector("svg").getBoundingClientRect();
    const point = data.panels.flatMap((panel) => panel.series).flatMap((series) => series.points)[0];
    return { x: frame.left + point[0] * frame.width / data.width, y: frame.top + point[1] * frame.width / data.width };
  });
  await page.mouse.move(place.x + 3, place.y + 2);
  assert.match(await page.textContent("#tip"), /\d.* at .*\d/);
  assert.ok(await page.isVisible("#tip"));
  await page.mouse.move(1, 1);
  assert.ok(!(await page.isVisible("#tip")));
  await plot.focus();
  await page.keyboard.press("ArrowRight");
  const first = await page.textContent("#tip");
  for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowRight");
  assert.ok(await page.isVisible("#tip"));
  assert.notEqual(await page.textContent("#tip"), first);
  await page.keyboard.press("Escape");
  assert.ok(!(await page.isVisible("#tip")));
}

async function everythingInside(page, name) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name}: the page is ${wide} pixels too wide`);
}

async function shot(page, name, fullPage = false) {
  if (shots) await page.screenshot({ path: path.join(shots, name + ".png"), fullPage });
}

const browser = await chromium.launch(options);
try {
  const file = pages[0];
  let opened = await open(browser, file);
  await structure(opened.page);
  await checkContrast(opened.page, "light");
  await sorting(opened.page);
  await filtering(opened.page);
  await values(opened.page);
  await everythingInside(opened.page, "desk");
  await opened.page.evaluate(() => scrollTo(0, 0));
  await shot(opened.page, "light");
  await shot(opened.page, "light-all", true);
  await opened.page.click("#scheme");
  assert.equal(await opened.page.getAttribute("html", "data-scheme"), "dark");
  await checkContrast(opened.page, "dark, by the switch");
  await done("structure, contrast, sorting, filtering, values, switch", opened, file);

  opened = await open(browser, file, { colorScheme: "dark" });
  await checkContrast(opened.page, "dark");
  await shot(opened.page, "dark");
  await done("dark", opened, file);

  opened = await open(browser, file, { viewport: { width: 360, height: 780 }, isMobile: true, hasTouch: true });
  await everythingInside(opened.page, "phone");
  await shot(opened.page, "phone");
  await opened.page.locator("#cells").scrollIntoViewIfNeeded();
  await shot(opened.page, "phone-cells");
  await done("phone", opened, file);

  opened = await open(browser, file);
  await opened.page.emulateMedia({ media: "print" });
  await shot(opened.page, "print");
  const pdf = await opened.page.pdf({ format: "A4" });
  assert.ok(pdf.length > 20000 && pdf.subarray(0, 5).toString() === "%PDF-");
  if (shots) fs.writeFileSync(path.join(shots, "print.pdf"), pdf);
  assert.ok(await opened.page.locator("details").evaluateAll((all) => all.every((item) => item.open)), "all is open in print");
  await done("print", opened, file);

  opened = await open(browser, file, { javaScriptEnabled: false });
  assert.ok((await opened.page.locator("#cell-table tbody tr").count()) > 3);
  assert.ok((await opened.page.locator(".plot svg").count()) > 0);
  assert.ok(!(await opened.page.isVisible(".filter")) && !(await opened.page.isVisible("#scheme")));
  await done("without JavaScript", opened, file);

  for (const other of pages.slice(1)) {
    opened = await open(browser, other);
    await structure(opened.page);
    await everythingInside(opened.page, other);
    assert.equal(await opened.page.evaluate(() => window.injected), undefined, "nothing of the store's ran");
    await shot(opened.page, path.basename(other, ".html"));
    await done(path.basename(other), opened, other);
  }
} finally {
  await browser.close();
}
