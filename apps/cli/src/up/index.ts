export { down, supervisorOf } from './holdHome.ts';
export { stasisHome, toolsHome } from './places.ts';
export { freePort } from './ports.ts';
export { startStack, type Stack, type StackOptions } from './startStack.ts';
export { stopOnSignals } from './stopOnSignals.ts';
export { supervise, type ProcessSpec, type Supervised } from './supervise.ts';
export { up, type RuntimeKind, type Up, type UpOptions } from './up.ts';
