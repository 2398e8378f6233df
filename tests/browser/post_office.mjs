// A small mail server: it takes every mail, or says no to a recipient in the words it was given.
import { createServer } from 'node:net';

const LINK = /\/\w+\?link=[\w-]{43}/;

class PostOffice {
  #sockets = new Set();
  #server = createServer(socket => this.#talk(socket));
  #refusals = new Map();

  /** The mails it took, the oldest first: who they are for, and their decoded text with all headers. */
  taken = [];

  async open() {
    await new Promise(resolve => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  /** What LATCHKEY_SMTP_URL is to be. */
  get url() {
    return `smtp://127.0.0.1:${this.#server.address().port}?tls=none`;
  }

  /** Answers in these words whenever a mail for that address comes; without words it takes them again. */
  says(words, address) {
    this.#refusals.set(address, words);
  }

  /** The path of the one-time link in the newest mail to somebody. */
  linkTo(address) {
    return this.taken.findLast(mail => mail.to === address && LINK.test(mail.text))?.text.match(LINK)[0];
  }

  #talk(socket) {
    this.#sockets.add(socket);
    const say = words => socket.write(`${words}\r\n`);
    let rest = '';
    let to = '';
    let lines = null; // of the message that is being sent
    socket.setEncoding('utf8').on('error', () => {}).on('close', () => this.#sockets.delete(socket)).on('data', text => {
      const heard = (rest + text).split('\r\n');
      rest = heard.pop();
      for (const line of heard) {
        if (lines && line !== '.') lines.push(line);
        else if (lines) {
          this.taken.push({ to, text: lines.join('\r\n').replaceAll('=\r\n', '').replaceAll('=3D', '=') });
          lines = null;
          say('250 2.0.0 taken');
        } else if (line.startsWith('RCPT TO:')) {
          to = /<(.*)>/.exec(line)[1];
          say(this.#refusals.get(to) || '250 2.1.5 fine');
        } else if (line === 'DATA') {
          lines = [];
          say('354 go on');
        } else if (line === 'QUIT') socket.end('221 bye\r\n');
        else say('250 fine');
      }
    });
    say('220 post office');
  }

  close() {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

/** Runs a walk beside an open mail server, which is closed afterwards. */
export async function withPostOffice(walk) {
  const office = await new PostOffice().open();
  try {
    await walk(office, { LATCHKEY_SMTP_URL: office.url, LATCHKEY_MAIL_FROM: 'Packages <packages@example.com>' });
  } finally {
    office.close();
  }
}
