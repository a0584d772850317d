import type { GroupMember, GroupOptions } from '../../../indexers/log/kafka/driver.js';
import { KafkaUnavailableError } from '../../../indexers/log/kafka/errors.js';

/** A process on a pretended machine: it can be stopped for a while, or killed. */
export class FakeProcess {
  #thaw: (() => void) | undefined;
  #still: Promise<void> = Promise.resolve();
  #bury: () => void = () => undefined;
  readonly #buried = new Promise<never>((_, reject) => {
    this.#bury = () => reject(new KafkaUnavailableError('the process is dead'));
  });

  constructor() {
    this.#buried.catch(() => undefined);
  }

  get still(): boolean {
    return this.#thaw !== undefined;
  }

  /** From now on nothing that it sends or is sent gets any further. */
  freeze(): void {
    if (this.still) return;
    this.#still = new Promise((resolve) => {
      this.#thaw = resolve;
    });
  }

  /** All that waited gets through. */
  thaw(): void {
    this.#thaw?.();
    this.#thaw = undefined;
  }

  /** What still waits fails, so that a killed process's objects can be cleared away. */
  bury(): void {
    this.freeze();
    this.#bury();
  }

  /** Lets a call through, now or once the process runs again. */
  async through<T>(call: () => Promise<T>): Promise<T> {
    await Promise.race([this.#still, this.#buried]);
    const result = await call();
    await Promise.race([this.#still, this.#buried]);
    return result;
  }
}

interface Member {
  readonly options: GroupOptions;
  readonly process: FakeProcess;
  beat: number;
  gone: boolean;
  told: boolean;
}

interface Group {
  readonly members: Set<Member>;
  readonly positions: Map<string, number>;
}

/** Consumer groups in memory: members beat, silent ones are dropped after their time, topics go round. */
export class FakeGroups {
  readonly #groups = new Map<string, Group>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Whether members are answered. */
  silent = false;

  async join(options: GroupOptions, process: FakeProcess): Promise<GroupMember> {
    if (this.silent) throw new KafkaUnavailableError('no coordinator');
    const group = this.#group(options);
    const member: Member = { options, process, beat: Date.now(), gone: false, told: false };
    group.members.add(member);
    this.#rebalance(group);
    const joined = (): void => {
      if (member.gone || this.silent) throw new KafkaUnavailableError('not in the group');
    };
    return {
      lastConfirmed: () => member.beat,
      commit: (topic, position) =>
        process.through(async () => {
          joined();
          group.positions.set(topic, position);
        }),
      committed: (topic) =>
        process.through(async () => {
          joined();
          return group.positions.get(topic) ?? 0;
        }),
      // As the drivers do: the group drops a member that cannot say that it leaves.
      leave: () =>
        process
          .through(async () => {
            member.told = true;
            this.#drop(group, member);
          })
          .catch(() => undefined),
    };
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #group({ group: name, sessionTimeoutMs }: GroupOptions): Group {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const group: Group = { members: new Set(), positions: new Map() };
    this.#groups.set(name, group);
    this.#timers.add(setInterval(() => this.#beat(group), sessionTimeoutMs / 6));
    return group;
  }

  #beat(group: Group): void {
    if (this.silent) return;
    const now = Date.now();
    for (const member of [...group.members]) {
      if (!member.process.still) member.beat = now;
      else if (now - member.beat > member.options.sessionTimeoutMs) this.#drop(group, member);
    }
  }

  #drop(group: Group, member: Member): void {
    if (member.gone) return;
    member.gone = true;
    group.members.delete(member);
    this.#rebalance(group);
    // It learns of it when it runs again.
    member.process
      .through(async () => {
        if (!member.told) member.options.onLost(new KafkaUnavailableError('unknown member'));
        member.told = true;
      })
      .catch(() => undefined);
  }

  #rebalance(group: Group): void {
    const members = [...group.members];
    const mine = new Map(members.map((member) => [member, [] as string[]]));
    const topics = [...new Set(members.flatMap(({ options }) => options.topics))].sort();
    topics.forEach((topic, i) => {
      const able = members.filter(({ options }) => options.topics.includes(topic));
      const member = able[i % able.length];
      if (member !== undefined) mine.get(member)?.push(topic);
    });
    for (const [member, of] of mine)
      member.process
        .through(async () => {
          if (group.members.has(member)) member.options.onAssigned(of);
        })
        .catch(() => undefined);
  }
}
