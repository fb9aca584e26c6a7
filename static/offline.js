/*
 * Keeps the page itself ready for a day without a network: registers the service worker,
 * lets it look for new files, and tells when there are some. Browsers offer this on HTTPS
 * and on the machine itself only.
 */
const LOOK_MS = 60 * 60 * 1000;

/* updated() is called when newer files are ready for the next reload. */
export async function keepPage({ updated }) {
	if (!('serviceWorker' in navigator)) {
		return false;
	}
	navigator.serviceWorker.addEventListener('message', (event) => {
		if (event.data === 'updated') {
			updated();
		}
	});
	try {
		const registered = await navigator.serviceWorker.register('/sw.js', { scope: '/scan' });
		const look = () => registered.active?.postMessage('check');
		look();
		setInterval(look, LOOK_MS);
		return true;
	} catch {
		return false; /* forbidden here, or away: the page works without */
	}
}
