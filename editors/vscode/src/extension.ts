// The extension: starts the server for the workspace, and again when its settings change or the user says so.

import * as fs from "node:fs";
import * as vscode from "vscode";
import { LanguageClient, LanguageClientOptions, ServerOptions } from "vscode-languageclient/node";

import { NotFound, Settings, Surroundings, initializationOptions, needsRestart, serverCommand } from "./server";

let client: LanguageClient | undefined;
let output: vscode.OutputChannel;
// One start or stop at a time, in the order in which they were asked for.
let work: Promise<void> = Promise.resolve();

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  output = vscode.window.createOutputChannel("Keelback");
  context.subscriptions.push(
    output,
    vscode.commands.registerCommand("keelback.restart", restart),
    vscode.commands.registerCommand("keelback.showOutput", () => output.show()),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (needsRestart((section) => change.affectsConfiguration(section))) {
        await restart();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  await after(stop);
}

function restart(): Promise<void> {
  return after(async () => {
    await stop();
    await start();
  });
}

function after(step: () => Promise<void>): Promise<void> {
  work = work.then(step, step);
  return work;
}

async function stop(): Promise<void> {
  const running = client;
  client = undefined;
  if (running !== undefined) {
    try {
      await running.dispose();
    } catch (error) {
      output.appendLine(`The server did not end well: ${error}`);
    }
  }
}

async function start(): Promise<void> {
  const configuration = vscode.workspace.getConfiguration("keelback");
  if (!configuration.get("enable", true)) {
    return;
  }
  const settings: Settings = {
    path: configuration.get("server.path", ""),
    arguments: configuration.get("server.arguments", []),
    configuration: configuration.get("configuration", ""),
  };
  const around = surroundings();
  try {
    const run = serverCommand(settings, around);
    output.appendLine(`Starting ${run.command} ${run.args.join(" ")}`);
    const server: ServerOptions = { run, debug: run };
    const options: LanguageClientOptions = {
      documentSelector: [{ scheme: "file", language: "python" }],
      outputChannel: output,
      initializationOptions: initializationOptions(settings, around),
    };
    client = new LanguageClient("keelback", "Keelback", server, options);
    await client.start();
  } catch (error) {
    client = undefined;
    const message = error instanceof NotFound ? error.message : `The server could not be started: ${error}`;
    output.appendLine(message);
    // Not waited for: the user may leave it there.
    void vscode.window.showErrorMessage(`Keelback: ${message}`, "Open Settings").then((chosen) => {
      if (chosen !== undefined) {
        void vscode.commands.executeCommand("workbench.action.openSettings", "keelback");
      }
    });
  }
}

function surroundings(): Surroundings {
  return {
    folder: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
    platform: process.platform,
    environment: process.env,
    isProgram(file) {
      try {
        fs.accessSync(file, fs.constants.X_OK);
        return fs.statSync(file).isFile();
      } catch {
        return false;
      }
    },
  };
}
