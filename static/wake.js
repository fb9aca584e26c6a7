/*
 * Keeps the screen awake while scanning goes on. The browser takes the lock back when the
 * page is hidden, and may refuse it (no HTTPS, battery low): then the screen just sleeps.
 */
let wanted = false;
let lock = null;

async function ask() {
	if (!wanted || lock !== null || document.visibilityState !== 'visible') {
		return;
	}
	try {
		lock = await navigator.wakeLock?.request('screen') ?? null;
		lock?.addEventListener('release', () => { lock = null; });
	} catch {
		lock = null;
	}
}

document.addEventListener('visibilitychange', ask);

export function keepAwake(on) {
	wanted = on;
	if (on) {
		ask();
	} else {
		lock?.release();
	}
}
