import type { Admin } from 'kafkajs';
import { createClient, type KafkaBusOptions } from './settings.ts';

/** An admin client that connects when it is first needed, and again after it failed to. */
export interface AdminConnection {
  get(): Promise<Admin>;
  close(): Promise<void>;
}

export const createAdminConnection = (options: KafkaBusOptions, retries: number): AdminConnection => {
  const patience = { retries, initialRetryTime: 100, maxRetryTime: 1000 };
  const kafka = createClient(options, patience);
  let connecting: Promise<Admin> | undefined;
  const connect = async (): Promise<Admin> => {
    const admin = kafka.admin({ retry: patience });
    try {
      await admin.connect();
    } catch (error) {
      connecting = undefined;
      await admin.disconnect().catch(() => {});
      throw error;
    }
    return admin;
  };
  return {
    get: () => (connecting ??= connect()),
    close: async () => {
      await (await connecting?.catch(() => undefined))?.disconnect();
    },
  };
};
