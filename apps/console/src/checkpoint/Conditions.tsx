import type { Condition } from '@stasis/lifecycle';
import { At } from '../parts/Words.tsx';

/** The conditions of a checkpoint or a restore, as the api has them. */
export const Conditions = ({ of }: { readonly of: readonly Condition[] }) => (
  <section aria-labelledby="conditions">
    <h2 id="conditions">Conditions</h2>
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Condition</th>
            <th scope="col">Status</th>
            <th scope="col">Reason</th>
            <th scope="col">Message</th>
            <th scope="col">Since</th>
          </tr>
        </thead>
        <tbody>
          {of.map(({ type, status, reason, message, at }) => (
            <tr key={type}>
              <td>{type}</td>
              <td>{status}</td>
              <td>{reason}</td>
              <td className="wrap">{message}</td>
              <td>
                <At at={at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </section>
);
