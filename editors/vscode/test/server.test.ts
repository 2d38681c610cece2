import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

import {
  NotFound,
  Settings,
  Surroundings,
  expand,
  initializationOptions,
  needsRestart,
  serverCommand,
} from "../src/server";

function around(programs: string[], more: Partial<Surroundings> = {}): Surroundings {
  return {
    folder: "/src/project",
    platform: "linux",
    environment: { HOME: "/h/me", PATH: "/usr/local/bin:/usr/bin" },
    isProgram: (file) => programs.includes(file),
    ...more,
  };
}

function settings(more: Partial<Settings> = {}): Settings {
  return { path: "", arguments: [], configuration: "", ...more };
}

test("variables and the home folder are expanded", () => {
  const here = around([]);
  assert.equal(expand("${workspaceFolder}/bin/keelback", here), "/src/project/bin/keelback");
  assert.equal(expand("~/bin/keelback", here), "/h/me/bin/keelback");
  assert.equal(expand("${userHome}/x", here), "/h/me/x");
  assert.equal(expand("${env:HOME}/x", here), "/h/me/x");
  assert.equal(expand("${env:NOTHING}${unheard}/x", here), "/x");
  assert.equal(expand("a~b", here), "a~b");
});

test("a configured path is taken", () => {
  const here = around(["/opt/keelback", "/src/project/tools/keelback", "/usr/bin/keelback-2"]);
  assert.equal(serverCommand(settings({ path: "/opt/keelback" }), here).command, "/opt/keelback");
  assert.equal(serverCommand(settings({ path: "tools/keelback" }), here).command, "/src/project/tools/keelback");
  assert.equal(serverCommand(settings({ path: "keelback-2" }), here).command, "/usr/bin/keelback-2");
});

test("a configured path that leads nowhere is an error, not a search", () => {
  const here = around(["/usr/bin/keelback"]);
  assert.throws(() => serverCommand(settings({ path: "/opt/keelback" }), here), NotFound);
  const homeless = around(["/usr/bin/keelback"], { folder: undefined });
  assert.throws(() => serverCommand(settings({ path: "tools/keelback" }), homeless), NotFound);
});

test("without a path, environments come before PATH", () => {
  const everywhere = [
    "/env/bin/keelback",
    "/src/project/.venv/bin/keelback",
    "/src/project/venv/bin/keelback",
    "/usr/local/bin/keelback",
    "/usr/bin/keelback",
  ];
  const environment = { VIRTUAL_ENV: "/env", PATH: "/usr/local/bin:/usr/bin" };
  for (let first = 0; first < everywhere.length; first++) {
    const here = around(everywhere.slice(first), { environment });
    assert.equal(serverCommand(settings(), here).command, everywhere[first]);
  }
  assert.throws(() => serverCommand(settings(), around([], { environment })), NotFound);
});

test("on Windows programs have an ending", () => {
  const here = around(["C:\\p\\.venv\\Scripts\\keelback.exe"], {
    folder: "C:\\p",
    platform: "win32",
    environment: { Path: "C:\\bin" },
  });
  assert.equal(serverCommand(settings(), here).command, "C:\\p\\.venv\\Scripts\\keelback.exe");
  const elsewhere = around(["C:\\bin\\keelback.exe"], { platform: "win32", folder: undefined, environment: { Path: "C:\\a;C:\\bin" } });
  assert.equal(serverCommand(settings(), elsewhere).command, "C:\\bin\\keelback.exe");
});

test("arguments come before the subcommand", () => {
  const here = around(["/usr/bin/keelback"]);
  assert.deepEqual(serverCommand(settings({ arguments: ["--verbose"] }), here).args, ["--verbose", "lsp"]);
});

test("the configuration's folder is handed on", () => {
  const here = around([]);
  assert.deepEqual(initializationOptions(settings(), here), {});
  const options = initializationOptions(settings({ configuration: "${workspaceFolder}/sub" }), here);
  assert.deepEqual(options, { configuration: "/src/project/sub" });
});

test("only some settings need a restart", () => {
  assert.equal(needsRestart((section) => section === "keelback.server"), true);
  assert.equal(needsRestart((section) => section === "keelback.trace.server"), false);
});

test("the manifest offers what the extension reads", () => {
  const root = path.join(__dirname, "..", "..");
  const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const source = readFileSync(path.join(root, "src", "extension.ts"), "utf8");
  const offered = Object.keys(manifest.contributes.configuration.properties);
  const read = [...source.matchAll(/configuration\.get\("([^"]+)"/g)].map((match) => `keelback.${match[1]}`);
  assert.ok(read.length >= 4);
  for (const name of read) {
    assert.ok(offered.includes(name), name);
  }
  for (const { command } of manifest.contributes.commands) {
    assert.ok(source.includes(`"${command}"`), command);
  }
});
