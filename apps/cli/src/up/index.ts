export { down, supervisorOf } from './holdHome.ts';
export { stasisHome, toolsHome } from './places.ts';
export { startStack, type Stack, type StackOptions } from './startStack.ts';
export { supervise, type ProcessSpec, type Supervised } from './supervise.ts';
export { up, type RuntimeKind, type Up, type UpOptions } from './up.ts';
