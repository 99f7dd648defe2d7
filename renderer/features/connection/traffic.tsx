import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useAppState } from '../../app/bridge.tsx';
import { octetsText, type Sample, SILENT_MS, withSample } from './model.ts';

const HEIGHT = 140;
const SHOWN_SECONDS = 120;

/** How much goes through, as a graph and in numbers. */
export function Traffic(): ReactNode {
  const { t, i18n } = useTranslation();
  const traffic = useAppState().status?.connection?.traffic;
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const { bytesIn, bytesOut } = traffic ?? { bytesIn: 0, bytesOut: 0 };
  // A window that nobody sees hears of no change.
  const hasMissed = useRef(false);
  useEffect(() => {
    const take = (isWhole: boolean): void =>
      setSamples((before) => withSample(before, { at: Date.now(), bytesIn, bytesOut }, isWhole));
    take(!hasMissed.current);
    hasMissed.current = document.hidden;
    const silent = setTimeout(() => take(true), SILENT_MS);
    return () => clearTimeout(silent);
  }, [bytesIn, bytesOut]);
  useEffect(() => {
    const note = (): void => {
      if (document.hidden) hasMissed.current = true;
    };
    document.addEventListener('visibilitychange', note);
    return () => document.removeEventListener('visibilitychange', note);
  }, []);
  const last = samples.at(-1);
  const perSecond = (octets: number): string => `${octetsText(octets, i18n.language)}/s`;
  const [down, up] = [perSecond(last?.inPerSecond ?? 0), perSecond(last?.outPerSecond ?? 0)];
  const dropped = Object.values(traffic?.drops ?? {}).reduce((sum, count) => sum + count, 0);
  return (
    <section className="card">
      <div className="row row-between">
        <h2>{t('connection.traffic.title')}</h2>
        <div className="row traffic-numbers">
          <span className="traffic-down">
            {t('connection.traffic.down')} <strong>{octetsText(bytesIn, i18n.language)}</strong>
          </span>
          <span className="traffic-up">
            {t('connection.traffic.up')} <strong>{octetsText(bytesOut, i18n.language)}</strong>
          </span>
          {dropped > 0 && (
            <span className="quiet">
              {t('connection.traffic.dropped')} <strong>{dropped}</strong>
            </span>
          )}
        </div>
      </div>
      <div role="img" aria-label={t('connection.traffic.graph', { down, up })}>
        <Graph samples={samples} format={perSecond} />
      </div>
    </section>
  );
}

function Graph({
  samples,
  format,
}: {
  samples: readonly Sample[];
  format: (octets: number) => string;
}): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const made = newPlot(element, format);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
    // The plot keeps its own idea of how numbers are written: only the place makes a new one.
  }, []);
  useEffect(() => {
    plot.current?.setData([
      samples.map(({ at }) => at / 1000),
      samples.map(({ inPerSecond }) => inPerSecond),
      samples.map(({ outPerSecond }) => outPerSecond),
    ]);
  }, [samples]);
  return <div ref={place} className="traffic-graph" />;
}

function timeText(epochSeconds: number): string {
  return new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: 'medium' }).format(
    epochSeconds * 1000,
  );
}

function newPlot(element: HTMLElement, format: (octets: number) => string): uPlot {
  const color = (name: string) => (): string => getComputedStyle(element).getPropertyValue(name).trim();
  const axis = {
    stroke: color('--text-quiet'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
  };
  return new uPlot(
    {
      width: element.clientWidth || 400,
      height: HEIGHT,
      // The last time below the graph is half beside it.
      padding: [12, 44, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { range: (_plot, _first, last) => [last - SHOWN_SECONDS, last] },
        y: { range: (_plot, _least, most) => [0, Math.max(most * 1.1, 1000)] },
      },
      axes: [
        { ...axis, size: 24, space: 100, values: (_plot, values) => values.map(timeText) },
        { ...axis, size: 80, values: (_plot, values) => values.map((value) => format(value)) },
      ],
      series: [
        {},
        { stroke: color('--accent'), width: 2, fill: color('--accent-soft') },
        { stroke: color('--bypass'), width: 2 },
      ],
    },
    [[], [], []],
    element,
  );
}
