import path from 'node:path'
import type { Project, ProjectVolume } from '../../project/project.ts'
import { volumeInPoint, volumesToCapture } from '../../sources/volume/index.ts'
import type { Step } from './by-hand.ts'
import { quoted, type Command } from './shell-words.ts'

const shownVolumes = 4

/** Code, configuration and volumes, as files; ends in the project's folder. */
export function filesByHand(project: Project): Step {
  const folder = quoted(path.basename(project.root))
  const { directory } = project.facts
  const volumes = volumesToCapture(project)
  const commands = volumes.slice(0, shownVolumes).map(volume => volumeByHand(project, volume))
  return {
    title: 'Code, configuration, volumes',
    commands: [
      ...codeByHand(project, folder),
      [`cp -a "$point"/config/. ${folder}/ && cd ${quoted(path.join(path.basename(project.root), directory))}`],
      ...(volumes.some(({ kind }) => kind !== 'bind') ? [[`${composeOf(project)} create`]] : []),
      ...commands,
    ],
    ...(volumes.length > shownVolumes
      ? {
          note: `And in the same way: ${volumes
            .slice(shownVolumes)
            .map(({ key }) => key)
            .join(', ')}.`,
        }
      : {}),
  }
}

const codeByHand = ({ git }: Project, folder: string): Command[] =>
  git
    ? [
        [`git clone "$point/code/repository.bundle" ${folder}`],
        [`test ! -d "$point/code/worktree" || cp -a "$point"/code/worktree/. ${folder}/`],
      ]
    : [[`cp -a "$point/code/files" ${folder}`]]

function volumeByHand(project: Project, volume: ProjectVolume): Command {
  const from = `"$point"/${quoted(volumeInPoint(volume))}`
  const [mount] = volume.mounts
  if (volume.kind !== 'bind' && mount)
    return [`${composeOf(project)} cp -a ${from}/.`, quoted(`${mount.service}:${mount.target}`)]
  const target = quoted(placeOf(project, volume))
  const folder = quoted(volume.isFile ? path.dirname(placeOf(project, volume)) : placeOf(project, volume))
  return volume.isFile
    ? [`mkdir -p ${folder} && cp -a ${from}/${quoted(path.basename(volume.name))}`, target]
    : [`mkdir -p ${folder} && cp -a ${from}/.`, target]
}

/** From the project's own folder, where it lies in the project; else where it lay. */
function placeOf({ root, directory }: Project, { name }: ProjectVolume): string {
  const inside = path.relative(root, name)
  return inside.startsWith('..') || path.isAbsolute(inside) ? name : path.relative(directory, name) || '.'
}

/** `docker compose` as it has to be called for this project, in its folder. */
export function composeOf({ facts, directory, root }: Project): string {
  const { composeFiles, composeFilesGiven, nameFrom, name, profiles } = facts
  const fileOf = (file: string) =>
    quoted(path.isAbsolute(file) ? file : path.relative(directory, path.join(root, file)))
  return [
    'docker compose',
    ...(nameFrom === 'flag' || nameFrom === 'environment' ? [`-p ${name}`] : []),
    ...(composeFilesGiven ? composeFiles.map(file => `-f ${fileOf(file)}`) : []),
    ...profiles.map(profile => `--profile ${quoted(profile)}`),
  ].join(' ')
}
