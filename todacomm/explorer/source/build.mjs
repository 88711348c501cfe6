// Builds ../assets/page.html, one file with style and script in it, and ../assets/LICENCES.txt of what is bundled.

import { build, transform } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = dirname(fileURLToPath(import.meta.url));
const ASSETS = process.argv[2] ?? join(SOURCE, "..", "assets");
const BUILT_FROM = ["build.mjs", "package.json", "package-lock.json", "page.html", "src"];
const TARGET = ["chrome100", "firefox100", "safari15"];

const sha256 = (content, form) => createHash("sha256").update(content).digest(form);

async function filesOf(path) {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = await readdir(path);
  return (await Promise.all(names.map((name) => filesOf(join(path, name))))).flat();
}

/** SHA-256 over each name and each file's own SHA-256; todacomm/explorer/asset.py computes the same. */
async function sourceDigest() {
  const files = (await Promise.all(BUILT_FROM.map((name) => filesOf(join(SOURCE, name))))).flat();
  const lines = await Promise.all(
    files.map(async (path) => `${relative(SOURCE, path).replaceAll("\\", "/")} ${sha256(await readFile(path), "hex")}\n`),
  );
  return sha256(lines.sort().join(""), "hex");
}

/** The licence of every package of which something is in the bundle. */
async function licences(inputs) {
  const names = Object.keys(inputs).map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1]);
  const texts = [];
  for (const name of [...new Set(names.filter(Boolean))].sort()) {
    const folder = join(SOURCE, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} has no licence file`);
    texts.push(`${name} ${version} (${license})\n\n${(await readFile(join(folder, file), "utf8")).trim()}\n`);
  }
  return texts.join(`\n${"-".repeat(78)}\n\n`);
}

const bundle = await build({
  entryPoints: [join(SOURCE, "src", "main.js")],
  absWorkingDir: SOURCE,
  bundle: true,
  minify: true,
  format: "iife",
  target: TARGET,
  charset: "ascii",
  legalComments: "none",
  metafile: true,
  write: false,
});
const texts = await licences(bundle.metafile.inputs);
const owners = [...new Set(texts.match(/^Copyright.*$/gm))].join("; ");
const permission = texts.match(/Permission to use, copy, modify[\s\S]*?SOFTWARE\./)[0].replace(/\s+/g, " ");
const banner = `/*! Holds parts of D3. ${owners}. ${permission} */\n`;
const script = `\n${banner}${bundle.outputFiles[0].text.trim()}\n`;
if (/<\/script|<!--/i.test(script)) throw new Error("the script would end its own element");
const css = await readFile(join(SOURCE, "src", "page.css"), "utf8");
const style = (await transform(css, { loader: "css", minify: true, target: TARGET })).code.trim();
const hash = (content) => `'sha256-${sha256(content, "base64")}'`;
const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'`;
const parts = { policy, digest: await sourceDigest(), style, script };
const template = await readFile(join(SOURCE, "page.html"), "utf8");
await mkdir(ASSETS, { recursive: true });
await writeFile(join(ASSETS, "page.html"), template.replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name]));
await writeFile(join(ASSETS, "LICENCES.txt"), texts);
