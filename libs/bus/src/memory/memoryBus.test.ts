import { testBus } from '../contract/index.ts';
import { createMemoryBroker, createMemoryBus } from './index.ts';

testBus('memory bus', async () => {
  const broker = createMemoryBroker();
  return {
    open: (options) => createMemoryBus({ broker, ...options }),
    goDown: async () => broker.goDown(),
    comeBack: async () => broker.comeBack(),
    stop: async () => {},
  };
});
