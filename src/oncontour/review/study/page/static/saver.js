// Answers on their way to the server, one after the other. What cannot be sent is kept, said, and tried again.

const PAUSES_MS = [1000, 2000, 5000, 10_000];
const NO_USE_TRYING = [400, 409, 413, 422];  // The server understood, and will not have it.

export class Saver {
  #waiting = new Map();  // what an answer is to -> the answer; a later one to the same takes its place
  #busy = false;
  #tries = 0;
  #timer = null;
  #send;
  #saved;
  #failed;

  // `send(answer)` is a promise; `saved(answer, reply)`; `failed(answer, error, again)`: again, whether it is tried again.
  constructor(send, saved, failed) {
    this.#send = send;
    this.#saved = saved;
    this.#failed = failed;
    window.addEventListener("online", () => this.#now());
    window.addEventListener("beforeunload", (event) => {
      if (this.waiting) event.preventDefault();
    });
  }

  get waiting() {
    return this.#waiting.size;
  }

  get unsent() {
    return [...this.#waiting.values()];
  }

  put(key, answer) {
    this.#waiting.delete(key);
    this.#waiting.set(key, answer);
    this.#now();
  }

  drop() {
    this.#waiting.clear();
    this.#tries = 0;
  }

  #now() {
    clearTimeout(this.#timer);
    if (!this.#busy) this.#run();
  }

  async #run() {
    this.#busy = true;
    while (this.#waiting.size) {
      const [key, answer] = this.#waiting.entries().next().value;
      const done = () => this.#waiting.get(key) === answer && this.#waiting.delete(key);
      try {
        const reply = await this.#send(answer);
        done();
        this.#tries = 0;
        this.#saved(answer, reply);
      } catch (error) {
        const again = !NO_USE_TRYING.includes(error.code);
        if (!again) done();
        this.#failed(answer, error, again);
        if (again) {
          this.#timer = setTimeout(() => this.#now(), PAUSES_MS[Math.min(this.#tries++, PAUSES_MS.length - 1)]);
          break;
        }
      }
    }
    this.#busy = false;
  }
}
