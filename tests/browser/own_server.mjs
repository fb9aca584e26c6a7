/*
 * A server of the test's own, for what cannot be done to the one at WAYBILL_URL: it is
 * killed, frozen, started again at the same address, or has other settings and files.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './support.mjs';

const database = process.env.WBTEST_DATABASE;

/* Below those that the system gives to connections: what is free stays so while its server is
 * down. (tests/support/wait.py takes others.) */
export const freePort = () => new Promise((resolve) => {
	const port = 29500 + Math.floor(Math.random() * 3000);
	const probe = createServer();
	probe.on('error', () => resolve(freePort()));
	probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(port)));
});

/* Whether nobody listens there any more. */
const refuses = (port) => new Promise((resolve) => {
	const probe = connect(port, '127.0.0.1');
	probe.on('error', () => resolve(true)).on('connect', () => {
		probe.destroy();
		resolve(false);
	});
});

/* Rows of a query, each its columns' texts. */
export function sql(query) {
	const out = execFileSync('psql', ['-XAtq', '-F', '\t', '-d', database, '-c', query], { encoding: 'utf8' });
	return out.split('\n').filter(Boolean).map((line) => line.split('\t'));
}

/* Locks a table until the function that this gives is called. */
export async function hold(table) {
	const psql = spawn('psql', ['-XAtq', '-d', database], { stdio: ['pipe', 'pipe', 'inherit'] });
	const gone = new Promise((resolve) => { psql.on('exit', resolve); });
	psql.stdin.write(`begin; lock table ${table}; select 'locked';\n`);
	await Promise.race([gone, new Promise((resolve) => { psql.stdout.once('data', resolve); })]);
	return () => {
		psql.stdin.end();
		return gone;
	};
}

/* [number, result] of a session's scans in the order in which they were made. */
export const recorded = (session) => sql(`select waybill_number, result from scanned_waybills
	where session_id = ${Number(session)} order by scanned_at, id`);

export class OwnServer {
	#process = null;

	static async start(settings = {}) {
		const server = new OwnServer();
		const port = await freePort();
		server.url = `http://127.0.0.1:${port}`;
		server.folder = mkdtempSync(join(tmpdir(), 'waybill-browser-'));
		server.environment = { ...process.env, WAYBILL_LISTEN: `127.0.0.1:${port}`,
			WAYBILL_DATABASE: database, WAYBILL_STATIC_DIR: 'static', WAYBILL_SPOOL_DIR: server.folder,
			WAYBILL_WORKERS: '2', WAYBILL_QUEUE_WORKERS: '0', ...settings };
		await server.up();
		return server;
	}

	async up() {
		this.#process = spawn(join(process.env.WAYBILL_BUILD, 'waybilld'), [],
			{ env: this.environment, stdio: 'ignore' });
		await until(() => this.#ended() || fetch(`${this.url}/ready`).then((r) => r.ok, () => false),
			'the server is ready', 60000);
		if (this.#ended()) {
			throw new Error(`the server ended with ${this.#process.exitCode ?? this.#process.signalCode}`);
		}
	}

	#ended() {
		return this.#process.exitCode !== null || this.#process.signalCode !== null;
	}

	/* The workers' process ids. */
	get workers() {
		const { pid } = this.#process;
		return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
	}

	signalAll(signal) {
		const { pid } = this.#process;
		process.kill(pid, 'SIGSTOP'); /* it starts no worker while we look */
		for (const each of [...this.workers, pid]) {
			process.kill(each, signal);
		}
	}

	/* As the power goes: master and workers at once. */
	async down() {
		const gone = new Promise((resolve) => { this.#process.on('exit', resolve); });
		this.signalAll('SIGKILL');
		await gone;
		/* Its workers have the socket until they are gone, too. */
		await until(() => refuses(new URL(this.url).port), 'nobody listens there', 60000);
	}

	async stop() {
		if (!this.#ended()) {
			const gone = new Promise((resolve) => { this.#process.on('exit', resolve); });
			this.#process.kill('SIGTERM');
			await gone;
		}
		rmSync(this.folder, { recursive: true, force: true });
	}
}
