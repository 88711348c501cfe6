// What is chosen at present, in one place; panels are called after every change with the names of what changed.

export function makeStore(initial) {
  const state = { ...initial };
  const listeners = new Set();
  let changed = null;

  function set(changes) {
    const outermost = changed === null;
    changed ??= new Set();
    for (const [name, value] of Object.entries(changes)) {
      if (!(name in state)) throw new Error(`unknown state: ${name}`);
      if (!Object.is(state[name], value)) {
        state[name] = value;
        changed.add(name);
      }
    }
    if (!outermost) return; // the running turn below tells everybody
    let rounds = 0;
    while (changed.size) {
      if (++rounds > 20) throw new Error("panels change the state in a circle");
      const names = changed;
      changed = new Set();
      for (const listener of listeners) listener(names, state);
    }
    changed = null;
  }

  /** Call `listener` after changes of these names. */
  function on(names, listener) {
    listeners.add((changes) => {
      if (names.some((name) => changes.has(name))) listener(state, changes);
    });
  }

  return { state, set, on };
}
