// Where the server is and how it is started. Nothing here knows of VS Code, so that it can be tested without it.

import * as os from "node:os";
import * as path from "node:path";

/** The settings that matter. */
export interface Settings {
  /** The `keelback` command; empty to look for it. */
  path: string;
  /** Arguments before `lsp`. */
  arguments: string[];
  /** The `pyproject.toml` that counts, or its folder; empty for the nearest. */
  configuration: string;
}

/** What surrounds the editor. */
export interface Surroundings {
  /** The first folder of the workspace. */
  folder: string | undefined;
  /** `process.platform`. */
  platform: string;
  /** `process.env`. */
  environment: Record<string, string | undefined>;
  /** Whether there is a program at this path. */
  isProgram(path: string): boolean;
}

/** A command line. */
export interface Command {
  command: string;
  args: string[];
}

/** No server was found: what to tell the user. */
export class NotFound extends Error {}

/** Replaces `~`, `${workspaceFolder}`, `${userHome}` and `${env:NAME}`. What is not known becomes nothing. */
export function expand(text: string, surroundings: Surroundings): string {
  const home = surroundings.environment["HOME"] ?? surroundings.environment["USERPROFILE"] ?? os.homedir();
  const expanded = text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    if (name === "workspaceFolder") {
      return surroundings.folder ?? "";
    }
    if (name === "userHome") {
      return home;
    }
    return name.startsWith("env:") ? (surroundings.environment[name.slice(4)] ?? "") : "";
  });
  return expanded === "~" || /^~[/\\]/.test(expanded) ? home + expanded.slice(1) : expanded;
}

/** The command line that starts the server. */
export function serverCommand(settings: Settings, surroundings: Surroundings): Command {
  return { command: serverPath(settings, surroundings), args: [...settings.arguments, "lsp"] };
}

function serverPath(settings: Settings, surroundings: Surroundings): string {
  const configured = expand(settings.path.trim(), surroundings);
  if (configured !== "") {
    // A bare name is for PATH to find.
    const found = /[/\\]/.test(configured) ? absolute(configured, surroundings) : onPath(configured, surroundings);
    if (found === undefined || !surroundings.isProgram(found)) {
      throw new NotFound(`keelback.server.path is "${settings.path}", and there is no such program.`);
    }
    return found;
  }
  const found = inEnvironment(surroundings) ?? onPath("keelback", surroundings);
  if (found === undefined) {
    throw new NotFound(
      "The keelback command was not found in the workspace's virtual environment or on PATH. Install it, or set keelback.server.path.",
    );
  }
  return found;
}

function paths(surroundings: Surroundings): path.PlatformPath {
  return surroundings.platform === "win32" ? path.win32 : path.posix;
}

function programs(name: string, surroundings: Surroundings): string[] {
  return surroundings.platform === "win32" ? [`${name}.exe`, name] : [name];
}

function absolute(file: string, surroundings: Surroundings): string | undefined {
  const p = paths(surroundings);
  if (p.isAbsolute(file)) {
    return file;
  }
  return surroundings.folder === undefined ? undefined : p.join(surroundings.folder, file);
}

/** The command in the active virtual environment, or in the workspace's own. */
function inEnvironment(surroundings: Surroundings): string | undefined {
  const p = paths(surroundings);
  const active = surroundings.environment["VIRTUAL_ENV"];
  const folders = active === undefined || active === "" ? [] : [active];
  if (surroundings.folder !== undefined) {
    folders.push(p.join(surroundings.folder, ".venv"), p.join(surroundings.folder, "venv"));
  }
  const scripts = surroundings.platform === "win32" ? "Scripts" : "bin";
  return folders
    .flatMap((folder) => programs("keelback", surroundings).map((name) => p.join(folder, scripts, name)))
    .find((file) => surroundings.isProgram(file));
}

function onPath(command: string, surroundings: Surroundings): string | undefined {
  const p = paths(surroundings);
  const list = surroundings.environment["PATH"] ?? surroundings.environment["Path"] ?? "";
  return list
    .split(p.delimiter)
    .filter((folder) => folder !== "")
    .flatMap((folder) => programs(command, surroundings).map((name) => p.join(folder, name)))
    .find((file) => surroundings.isProgram(file));
}

/** What the server is told at its start. */
export function initializationOptions(settings: Settings, surroundings: Surroundings): { configuration?: string } {
  const configuration = expand(settings.configuration.trim(), surroundings);
  return configuration === "" ? {} : { configuration };
}

/** Whether a change of these settings means that the server must be started anew. */
export function needsRestart(affects: (section: string) => boolean): boolean {
  return ["keelback.enable", "keelback.server", "keelback.configuration"].some(affects);
}
